/**
 * {@code lull top}: what the machines of a host do, from their counters files, which are mapped and read without any machine
 * or the service taking part.
 */
package dev.lull.agent.cli.top;
