/**
 * A station on a guest's network that answers requests by TCP, in the monitor itself: ARP, IPv4 and as much of TCP (RFC 9293)
 * as a link needs that loses nothing and keeps the order.
 */
package dev.lull.agent.mmds.net;
