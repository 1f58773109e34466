/**
 * Management work in the idle time of guests: on the CPU of a vCPU that halted of its own accord, in bounded steps. Called the
 * opportunistic hypervisor in docs/design.md.
 */
package dev.lull.agent.idle;
