/**
 * The host's service as its clients see it: requests over its Unix socket, and the answers as records. What may live here:
 * what any program that drives {@code lulld} needs. What may not: a terminal, the service's own classes.
 */
package dev.lull.agent.client;
