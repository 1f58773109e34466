/**
 * A virtual machine as a client of the API sees it: configured, started, changed while it runs, ended. What may live here:
 * which command is allowed when, and what it means for a {@link dev.lull.agent.machine.Machine}. What may not: HTTP, and
 * what is common to many machines.
 */
package dev.lull.agent.control.vm;
