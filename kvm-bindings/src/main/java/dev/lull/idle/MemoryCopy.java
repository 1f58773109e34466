package dev.lull.idle;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.kvm.VmFd;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.LinuxException;
import dev.lull.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Copies the memory of a guest that runs to a file, in passes: the first of all pages there are, each other of those that were
 * written since ({@code native/core/lullcopy.h}). A step that finds another thread at it is blocked.
 */
public final class MemoryCopy extends NativeTask {
    /** Pages whose writing is noted together, a bit each in a word of 64. */
    public static final int WORD_PAGES = Long.SIZE;

    private static final String PAGE_MAP = "/proc/self/pagemap";

    /**
     * A memory slot.
     *
     * @param slot its number
     * @param memory its whole pages of 4096 bytes, mapped until the copy is closed
     * @param fileOffsetBytes where they go in the file
     * @param written a bit for each page that somebody else than the guest has written, set with atomic operations after the write;
     *     alive until the copy is closed
     */
    public record Slot(int slot, MemorySegment memory, long fileOffsetBytes, MemorySegment written) {
        /** Its pages. */
        public long pages() {
            return memory.byteSize() / Mapping.PAGE_BYTES;
        }
    }

    private final Fd pageMap;

    /**
     * A copy; of slots that are logged from their beginning on, see {@link VmFd#setManualDirtyLog}.
     *
     * @param file reads as zeroes where the slots' pages go, open until the copy is closed
     * @throws IdleUnavailable if there is no native core
     * @throws LinuxException if the host does not tell what memory it has provided
     */
    public MemoryCopy(VmFd vm, Fd file, List<Slot> slots) {
        super("lull_copy_step", IdleLayout.Copy.SIZE);
        pageMap = Fd.open(PAGE_MAP, LinuxConstants.O_RDONLY);
        MemorySegment regions = allocate((long) slots.size() * IdleLayout.CopyRegion.SIZE);
        for (int i = 0; i < slots.size(); i++) {
            describe(slots.get(i), regions.asSlice((long) i * IdleLayout.CopyRegion.SIZE, IdleLayout.CopyRegion.SIZE));
        }
        task.set(JAVA_INT, IdleLayout.Copy.VM_FD, vm.number());
        task.set(JAVA_INT, IdleLayout.Copy.FILE_FD, file.number());
        task.set(JAVA_INT, IdleLayout.Copy.PAGEMAP_FD, pageMap.number());
        task.set(JAVA_INT, IdleLayout.Copy.LOGGED, 1);
        task.set(JAVA_INT, IdleLayout.Copy.FIRST, 1);
        task.set(JAVA_LONG, IdleLayout.Copy.REGIONS, regions.address());
        task.set(JAVA_LONG, IdleLayout.Copy.REGION_COUNT, slots.size());
    }

    /** Begins another pass, after one that is done; without effect while another thread is at it. */
    public void nextPass() {
        IdleCore.call("lull_copy_next_pass", this);
    }

    /** Keeps everybody else from stepping it, for good, after a step under way has ended. Once, before {@link #finish}. */
    public void claim() {
        IdleCore.call("lull_copy_claim", this);
    }

    /**
     * Copies all that is left, on this thread and in one go, while nobody writes to the memory.
     *
     * @throws LinuxException if the file cannot be written
     */
    public void finish() {
        IdleCore.call("lull_copy_finish", this);
        check();
    }

    /**
     * Says why a pass ended before its end, if it did.
     *
     * @throws LinuxException if the file cannot be written
     */
    public void check() {
        long failure = task.get(JAVA_LONG, IdleLayout.Copy.FAILURE);
        if (failure != 0) {
            throw new LinuxException("copying memory", "the file", (int) -failure);
        }
    }

    @Override
    public void close() {
        super.close();
        pageMap.close();
    }

    /** All pages are to be copied at first. */
    private void describe(Slot slot, MemorySegment region) {
        long pages = slot.pages();
        MemorySegment dirty = allocate((pages + WORD_PAGES - 1) / WORD_PAGES * Long.BYTES);
        dirty.fill((byte) 0xFF);
        if (pages % WORD_PAGES != 0) {
            dirty.setAtIndex(JAVA_LONG, pages / WORD_PAGES, (1L << pages % WORD_PAGES) - 1);
        }
        region.set(JAVA_LONG, IdleLayout.CopyRegion.HOST, slot.memory().address());
        region.set(JAVA_LONG, IdleLayout.CopyRegion.BYTES, pages * Mapping.PAGE_BYTES);
        region.set(JAVA_LONG, IdleLayout.CopyRegion.FILE_OFFSET, slot.fileOffsetBytes());
        region.set(JAVA_LONG, IdleLayout.CopyRegion.DIRTY, dirty.address());
        region.set(JAVA_LONG, IdleLayout.CopyRegion.WRITTEN, slot.written().address());
        region.set(JAVA_INT, IdleLayout.CopyRegion.SLOT, slot.slot());
    }
}
