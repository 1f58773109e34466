/**
 * What a host offers to virtual machines, read from {@code /dev/kvm}, {@code /proc} and {@code /sys}; nothing here changes
 * anything, prints or exits.
 */
package dev.lull.agent.cli.host;
