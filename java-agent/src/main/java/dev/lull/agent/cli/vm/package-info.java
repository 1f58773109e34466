/**
 * The commands that drive the host's service: {@code lull vm} and {@code lull events}. Each asks {@link
 * dev.lull.agent.client.HostClient} for one thing and prints the answer; what the service does is not repeated here.
 */
package dev.lull.agent.cli.vm;
