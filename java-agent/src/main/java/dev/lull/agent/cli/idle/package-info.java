/**
 * {@code lull idle}: what becomes of idle time, by the service's account and by a log's. What is done in idle time is {@link
 * dev.lull.agent.idle}'s.
 */
package dev.lull.agent.cli.idle;
