package dev.lull.device.virtio;

import dev.lull.device.bus.Doorbells;
import dev.lull.device.bus.MessageInterrupts;
import dev.lull.device.memory.GuestMemory;
import java.util.function.BiConsumer;

/**
 * What a machine gives to all its virtio devices.
 *
 * @param faults takes the name of a device that was broken until its next reset, and by what: a {@link VirtioException} if
 *     the guest did it, which it can as often as it likes. Called on any thread, a
 *     vCPU's too: it does not block
 */
public record VirtioPciHost(
        GuestMemory memory, MessageInterrupts interrupts, Doorbells doorbells, BiConsumer<String, Throwable> faults) {}
