/**
 * {@code lulld}: one process, many virtual machines. What may live here: what is common to the machines of a host, from the
 * host's socket to what is left when the daemon was killed. What may not: what one machine's API means.
 */
package dev.lull.agent.control.daemon;
