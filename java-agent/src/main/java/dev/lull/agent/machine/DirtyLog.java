package dev.lull.agent.machine;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.memory.WrittenPages;
import dev.lull.idle.IdleUnavailable;
import dev.lull.idle.MemoryCopy;
import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.VmFd;
import dev.lull.linux.Fd;
import java.util.ArrayList;
import java.util.List;

/**
 * What is written to a machine's memory, from the opening of the log to its close: KVM notes what the guest writes, and devices
 * note what they do.
 */
public final class DirtyLog implements AutoCloseable {
    private final VmFd vm;
    private final GuestMemory memory;
    private final Runnable onClose;
    private final WrittenPages written;
    private boolean closed;

    /** @param onClose another log may be opened */
    DirtyLog(VmFd vm, GuestMemory memory, Runnable onClose) {
        this.vm = vm;
        this.memory = memory;
        this.onClose = onClose;
        this.written = new WrittenPages(memory.regions());
        if (!vm.setManualDirtyLog()) {
            throw new IdleUnavailable(
                    "this host's KVM does not note page by page what a guest writes; Linux 5.7 or later does");
        }
        memory.noteWrites(written);
        try {
            MemoryMap.setSlots(vm, memory, KvmConstants.KVM_MEM_LOG_DIRTY_PAGES);
        } catch (RuntimeException e) {
            stop();
            throw e;
        }
    }

    /**
     * A copy of all memory as it will be, the regions of {@link GuestMemory} one behind the other; one a log.
     *
     * @param file reads as zeroes, as long as the memory, open until the copy is closed
     */
    public MemoryCopy copyTo(Fd file) {
        List<MemoryCopy.Slot> slots = new ArrayList<>();
        long offset = 0;
        for (GuestMemory.Region region : memory.regions()) {
            int slot = slots.size();
            slots.add(new MemoryCopy.Slot(slot, region.segment(), offset, written.bitmap(slot)));
            offset += region.segment().byteSize();
        }
        return new MemoryCopy(vm, file, slots);
    }

    /** Nothing is noted any more. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            stop();
            onClose.run();
        }
    }

    private void stop() {
        MemoryMap.setSlots(vm, memory, 0);
        memory.noteWrites(null);
    }
}
