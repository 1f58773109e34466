package dev.lull.agent.boot;

import dev.lull.device.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A vmlinux: an ELF64 executable whose {@code PT_LOAD} segments say which bytes go to which guest-physical addresses.
 *
 * <p>Source: ELF-64 Object File Format 1.5, "ELF header" and "Program header table"; numbers from {@code <elf.h>}.
 */
final class ElfImage implements KernelImage, AutoCloseable {
    /** Length of the ELF header: nothing shorter is an ELF file. */
    static final int MIN_BYTES = 64;

    /** 0x7f "ELF". */
    private static final int MAGIC_VALUE = 0x464c457f;

    private static final int EI_CLASS = 4;
    private static final int EI_DATA = 5;
    private static final int E_TYPE = 16;
    private static final int E_MACHINE = 18;
    private static final int E_ENTRY = 24;
    private static final int E_PHOFF = 32;
    private static final int E_PHENTSIZE = 54;
    private static final int E_PHNUM = 56;

    private static final int ELFCLASS64 = 2;
    private static final int ELFDATA2LSB = 1;
    private static final int ET_EXEC = 2;
    private static final int EM_X86_64 = 62;

    private static final int PH_BYTES = 56;
    private static final int P_TYPE = 0;
    private static final int P_OFFSET = 8;
    private static final int P_PADDR = 24;
    private static final int P_FILESZ = 32;
    private static final int P_MEMSZ = 40;
    private static final int PT_LOAD = 1;

    /** Linux has 5; this many are still read in one go. */
    private static final int MAX_PROGRAM_HEADERS = 64;

    private static final int PAGE_BYTES = 4096;

    private final ImageBytes bytes;
    private final long entryGpa;
    private final Segment[] segments;

    /**
     * One loadable segment. Its range in the file is within the file, its range in memory does not overflow.
     *
     * @param memoryBytes at least {@code fileBytes}; the rest is the segment's BSS
     */
    private record Segment(long offset, long fileBytes, long gpa, long memoryBytes) {
        long endGpa() {
            return gpa + memoryBytes;
        }
    }

    private ElfImage(ImageBytes bytes, long entryGpa, Segment[] segments) {
        this.bytes = bytes;
        this.entryGpa = entryGpa;
        this.segments = segments;
    }

    /** Whether an image that starts with {@code head} is an ELF file of whatever kind. */
    static boolean isElf(ByteBuffer head) {
        return head.limit() >= Integer.BYTES && head.getInt(0) == MAGIC_VALUE;
    }

    /** Checks an image that must be a vmlinux, as what a bzImage unpacks to. */
    static ElfImage parse(ImageBytes bytes) {
        ByteBuffer head = bytes.read(0, (int) Math.min(HEAD_BYTES, bytes.sizeBytes()));
        if (!isElf(head)) {
            throw damaged(bytes, "it does not start with an ELF header");
        }
        return parse(bytes, head);
    }

    /**
     * Checks a vmlinux.
     *
     * @param head the first bytes of it, for which {@link #isElf} holds
     * @throws KernelException when it is no x86-64 executable, or damaged
     */
    static ElfImage parse(ImageBytes bytes, ByteBuffer head) {
        if (head.limit() < MIN_BYTES) {
            throw bytes.truncated(MIN_BYTES);
        }
        checkKind(bytes, head);
        int count = Short.toUnsignedInt(head.getShort(E_PHNUM));
        int entryBytes = Short.toUnsignedInt(head.getShort(E_PHENTSIZE));
        if (count == 0 || count > MAX_PROGRAM_HEADERS || entryBytes != PH_BYTES) {
            throw damaged(bytes, count + " program headers of " + entryBytes + " bytes");
        }
        ByteBuffer table = programHeaders(bytes, head, head.getLong(E_PHOFF), count * PH_BYTES);
        int loads = 0;
        for (int i = 0; i < count; i++) {
            loads += isLoad(table, i * PH_BYTES) ? 1 : 0;
        }
        Segment[] segments = new Segment[loads];
        int index = 0;
        for (int i = 0; i < count; i++) {
            if (isLoad(table, i * PH_BYTES)) {
                segments[index++] = segment(bytes, table, i * PH_BYTES);
            }
        }
        checkDisjoint(bytes, segments);
        long entry = head.getLong(E_ENTRY);
        checkEntry(bytes, entry, segments);
        return new ElfImage(bytes, entry, segments);
    }

    private static void checkKind(ImageBytes bytes, ByteBuffer head) {
        if (head.get(EI_CLASS) != ELFCLASS64 || head.get(EI_DATA) != ELFDATA2LSB) {
            throw new KernelException(
                    bytes.name() + ": is not a 64-bit little-endian ELF file; give a vmlinux built for x86-64");
        }
        int machine = Short.toUnsignedInt(head.getShort(E_MACHINE));
        if (machine != EM_X86_64) {
            throw new KernelException(bytes.name() + ": is built for ELF machine " + machine
                    + ", not for x86-64 (62); give a vmlinux built for x86-64");
        }
        int type = Short.toUnsignedInt(head.getShort(E_TYPE));
        if (type != ET_EXEC) {
            throw new KernelException(bytes.name() + ": is an ELF file of type " + type
                    + ", not an executable (2); give a Linux vmlinux, no module or library");
        }
    }

    private static ByteBuffer programHeaders(ImageBytes bytes, ByteBuffer head, long offset, int lengthBytes) {
        if (offset < MIN_BYTES || offset > bytes.sizeBytes() - lengthBytes) {
            throw damaged(bytes, "its program headers lie outside the file");
        }
        if (offset + lengthBytes <= head.limit()) {
            return head.slice((int) offset, lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
        }
        return bytes.read(offset, lengthBytes);
    }

    private static boolean isLoad(ByteBuffer table, int at) {
        return table.getInt(at + P_TYPE) == PT_LOAD && table.getLong(at + P_MEMSZ) != 0;
    }

    private static Segment segment(ImageBytes bytes, ByteBuffer table, int at) {
        long offset = table.getLong(at + P_OFFSET);
        long gpa = table.getLong(at + P_PADDR);
        long fileBytes = table.getLong(at + P_FILESZ);
        long memoryBytes = table.getLong(at + P_MEMSZ);
        if (offset < 0 || fileBytes < 0 || offset > bytes.sizeBytes() - fileBytes) {
            throw damaged(bytes, "a segment reaches beyond the end of the file");
        }
        if (memoryBytes < fileBytes || gpa < 0 || gpa + memoryBytes < 0) {
            throw damaged(bytes, "a segment's sizes or address are impossible");
        }
        if (gpa < LowMemory.HIGH_MEMORY_GPA) {
            throw new KernelException(bytes.name() + ": a segment at 0x" + Long.toHexString(gpa)
                    + " would lie below 1 MiB, which is reserved; give a Linux vmlinux");
        }
        return new Segment(offset, fileBytes, gpa, memoryBytes);
    }

    private static void checkDisjoint(ImageBytes bytes, Segment[] segments) {
        for (int i = 0; i < segments.length; i++) {
            for (int j = 0; j < i; j++) {
                if (segments[i].gpa() < segments[j].endGpa() && segments[j].gpa() < segments[i].endGpa()) {
                    throw damaged(bytes, "two of its segments overlap");
                }
            }
        }
    }

    private static void checkEntry(ImageBytes bytes, long entry, Segment[] segments) {
        for (Segment segment : segments) {
            if (entry >= segment.gpa() && entry < segment.gpa() + segment.fileBytes()) {
                return;
            }
        }
        throw new KernelException(bytes.name() + ": its entry point 0x" + Long.toHexString(entry)
                + " lies in none of its loaded segments; give a Linux vmlinux");
    }

    private static KernelException damaged(ImageBytes bytes, String what) {
        return new KernelException(bytes.name() + ": is a damaged vmlinux: " + what + "; " + REMEDY);
    }

    /**
     * Declares as BSS the pages of zeros that segments end with. An unpacked kernel spells out a dozen MB of them, which
     * fresh guest RAM holds already.
     *
     * @param elf an image that {@link #parse} accepts
     */
    static void shorten(MemorySegment elf) {
        ByteBuffer view = elf.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        int table = (int) view.getLong(E_PHOFF);
        int end = table + Short.toUnsignedInt(view.getShort(E_PHNUM)) * PH_BYTES;
        for (int at = table; at < end; at += PH_BYTES) {
            long offset = view.getLong(at + P_OFFSET);
            // A segment that holds the table would change with it.
            if (isLoad(view, at) && offset >= end) {
                view.putLong(at + P_FILESZ, usedBytes(elf.asSlice(offset, view.getLong(at + P_FILESZ))));
            }
        }
    }

    private static long usedBytes(MemorySegment segment) {
        MemorySegment zeros = MemorySegment.ofArray(new byte[PAGE_BYTES]);
        long used = segment.byteSize();
        while (used >= PAGE_BYTES
                && segment.asSlice(used - PAGE_BYTES, PAGE_BYTES).mismatch(zeros) < 0) {
            used -= PAGE_BYTES;
        }
        return used;
    }

    /** Guest-physical address of the kernel's 64-bit entry point ({@code startup_64}), within a loaded segment. */
    long entryGpa() {
        return entryGpa;
    }

    /** Guest-physical address of the lowest of its segments. */
    long lowestGpa() {
        long lowest = Long.MAX_VALUE;
        for (Segment segment : segments) {
            lowest = Math.min(lowest, segment.gpa());
        }
        return lowest;
    }

    /**
     * Copies the segments straight into guest memory. BSS is not cleared: guest RAM is fresh, and so reads as zero.
     *
     * @return the first guest-physical address behind the kernel and its BSS
     * @throws KernelException when guest memory has no room for it, or the file cannot be read
     */
    long loadInto(GuestMemory memory) {
        long ramEnd = LowMemory.ramEndGpa(memory);
        long end = 0;
        for (Segment segment : segments) {
            end = Math.max(end, segment.endGpa());
        }
        if (end > ramEnd) {
            throw new KernelException(
                    bytes.name() + ": needs memory up to " + ByteSizes.text(end) + ", the guest's ends at "
                            + ByteSizes.text(ramEnd) + "; give the guest more memory or a smaller kernel");
        }
        for (Segment segment : segments) {
            bytes.copyTo(segment.offset(), memory.slice(segment.gpa(), segment.fileBytes()));
        }
        return end;
    }

    @Override
    public void close() {
        bytes.close();
    }
}
