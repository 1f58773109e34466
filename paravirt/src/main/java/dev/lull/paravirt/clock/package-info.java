/**
 * The scaled virtual counter: a counter of a fixed frequency made of the host's, whatever the host's is.
 *
 * <p>{@link dev.lull.paravirt.clock.VirtualCounter} is the one model of the scaling, {@link
 * dev.lull.paravirt.clock.CounterPage} and {@link dev.lull.paravirt.clock.CounterReader} share it by memory.
 */
package dev.lull.paravirt.clock;
