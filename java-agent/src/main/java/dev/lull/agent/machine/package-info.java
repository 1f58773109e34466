/**
 * The compute hypervisor: one virtual machine's memory, processors and life, as a library.
 *
 * <p>{@link dev.lull.agent.machine.Machine} is the entry. What may live here: memory slots, interrupt chips, vCPU threads,
 * processor set-up. What may not: a device by name beyond the few every PC has, the command line, the API.
 */
package dev.lull.agent.machine;
