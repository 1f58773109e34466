package dev.lull.device.virtio.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.lull.device.fuzz.Bytes;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.VirtioException;
import dev.lull.linux.Fd;
import dev.lull.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A hostile driver of a disk: it makes the requests its input says, cut into the pieces its input says. Whatever they are,
 * each is answered once with a status, or breaks the device until a reset; no memory but what the device may write changes,
 * a read-only image stays as it is, and no image changes its size.
 */
final class BlockFuzzTarget implements AutoCloseable {
    private static final int SECTORS = 64;
    private static final int MAX_REQUESTS = 4;
    private static final int MAX_PIECES = 8;
    private static final int AREA_BYTES = 8192;
    private static final byte CANARY = 0x5A;
    private static final int[] TYPES = {0, 1, 4, 8, 11, 13, 14, 1 << 16};
    private static final int[] LENGTHS = {1, 16, 512, 513, 1024, 15, 32, 4096};

    /** One disk, and what its driver has in memory. */
    private static final class Subject implements AutoCloseable {
        private final Fd file = Mapping.memoryFile("fuzzed disk", SECTORS * 512L, false);
        private final BlockDriver driver;
        private final long readableGpa;
        private final long writableGpa;
        private final MemorySegment readable;
        private final MemorySegment behind;
        private final MemorySegment expected = MemorySegment.ofArray(new byte[AREA_BYTES]);

        Subject(boolean readOnly) {
            driver = new BlockDriver(Path.of("/proc/self/fd/" + file.number()), readOnly, BlockDriver.FEATURES);
            TestGuest guest = driver.guest;
            readableGpa = guest.allocate(AREA_BYTES, 4096);
            writableGpa = guest.allocate((MAX_REQUESTS + 1) * AREA_BYTES, 4096);
            readable = guest.at(readableGpa, AREA_BYTES);
            behind = guest.at(writableGpa + (long) MAX_REQUESTS * AREA_BYTES, AREA_BYTES);
            behind.fill(CANARY);
        }

        @Override
        public void close() {
            driver.close();
            file.close();
        }
    }

    private final Subject writable = new Subject(false);
    private final Subject readOnly = new Subject(true);
    private final int[] statuses = new int[3];
    private int broken;

    /** Does what {@code input} says, and checks what it did. */
    void run(byte[] input) {
        Bytes bytes = new Bytes(input);
        int options = bytes.octet();
        Subject subject = (options & 1) == 0 ? writable : readOnly;
        TestQueue queue = subject.driver.queues[options >>> 1 & 1];
        if ((options & 4) != 0) {
            subject.driver.block.writeConfig(bytes.octet(), 1, bytes.octet());
        }
        try {
            int published = 0;
            while (published < MAX_REQUESTS && bytes.hasMore()) {
                publish(bytes, subject, queue, published);
                published++;
            }
            subject.expected.copyFrom(subject.readable);
            subject.driver.block.notified(options >>> 1 & 1);
            for (int i = 0; i < published; i++) {
                judge(subject.driver.await(queue), queue, subject);
            }
        } catch (VirtioException e) {
            broken++;
            reset(subject);
        }
        check(subject);
    }

    private void publish(Bytes bytes, Subject subject, TestQueue queue, int request) {
        int first = request * MAX_PIECES;
        int shape = bytes.octet();
        long at = writeHeader(bytes, subject.readable);
        int pieces = 1 + (shape & 3) + (shape >>> 2 & 3);
        int writableFrom = 1 + (shape >>> 2 & 3);
        long readableNext = at;
        int writableNext = 0;
        for (int i = 0; i < pieces; i++) {
            boolean isWritable = i >= writableFrom;
            int selector = bytes.octet();
            int length = (selector & 8) != 0 ? 1 + (bytes.word() & 0x5FF) : LENGTHS[selector & 7];
            boolean isLast = i == pieces - 1;
            if (isLast && (selector & 0x1C) != 0x1C) {
                isWritable = true;
                length = 1;
            }
            long gpa = isWritable
                    ? subject.writableGpa + (long) request * AREA_BYTES + writableNext
                    : subject.readableGpa + readableNext;
            if (i == 0 && (selector & 0x1C) != 0x1C) {
                length = BlockLayout.HEADER_BYTES - ((selector & 0x20) == 0 ? 0 : selector >>> 6);
            }
            if (selector == 0xFF) {
                gpa = bytes.qword();
                isWritable = false;
            }
            if (isWritable) {
                length = Math.min(length, AREA_BYTES - writableNext);
                writableNext += length;
            } else {
                readableNext = (readableNext + length) % (AREA_BYTES / 2);
            }
            queue.descriptor(
                    first + i,
                    gpa,
                    length,
                    (isWritable ? TestQueue.WRITE : 0) | (isLast ? 0 : TestQueue.NEXT),
                    first + i + 1);
        }
        queue.publish(first);
    }

    /** Writes a header, and what follows it in memory: ranges, too. Where it is. */
    private static long writeHeader(Bytes bytes, MemorySegment area) {
        int choice = bytes.octet();
        int type = (choice & 8) != 0 ? (int) bytes.dword() : TYPES[choice & 7];
        int at = choice >>> 6 << 4;
        area.set(JAVA_INT_UNALIGNED, at, type);
        area.set(JAVA_LONG_UNALIGNED, at + BlockLayout.HEADER_SECTOR, sector(bytes, choice));
        for (int i = 0; i < (choice >>> 4 & 3); i++) {
            long range = at + BlockLayout.HEADER_BYTES + (long) i * BlockLayout.RANGE_BYTES;
            int kind = bytes.octet();
            area.set(JAVA_LONG_UNALIGNED, range, sector(bytes, kind));
            area.set(JAVA_INT_UNALIGNED, range + 8, (kind & 1) == 0 ? bytes.octet() : (int) bytes.dword());
            area.set(JAVA_INT_UNALIGNED, range + 12, (kind & 2) == 0 ? kind >>> 7 : (int) bytes.dword());
        }
        return at;
    }

    private static long sector(Bytes bytes, int choice) {
        return switch (choice >>> 4 & 3) {
            case 0, 1 -> bytes.octet() & 63;
            case 2 -> SECTORS - 8 + bytes.octet();
            default -> bytes.qword();
        };
    }

    private void judge(TestQueue.Used used, TestQueue queue, Subject subject) {
        int writableBytes = 0;
        long status = -1;
        int index = used.head();
        while (true) {
            long at = 16L * index;
            MemorySegment table = subject.driver.guest.at(queue.descriptorArea(), 16 * 256);
            int flags = table.get(JAVA_INT_UNALIGNED, at + 12) & 0xFFFF;
            int length = table.get(JAVA_INT_UNALIGNED, at + 8);
            if ((flags & TestQueue.WRITE) != 0) {
                writableBytes += length;
                status = table.get(JAVA_LONG_UNALIGNED, at) + length - 1;
            }
            if ((flags & TestQueue.NEXT) == 0) {
                break;
            }
            index++;
        }
        require(status >= 0, "a request without room for a status was answered");
        require(used.writtenBytes() >= 1 && used.writtenBytes() <= writableBytes, "more is written than there is");
        int value = subject.driver.guest.at(status, 1).get(JAVA_BYTE, 0);
        require(value >= 0 && value < statuses.length, "a status that is none");
        statuses[value]++;
    }

    private static void reset(Subject subject) {
        BlockDriver driver = subject.driver;
        driver.context.reset();
        for (TestQueue queue : driver.queues) {
            queue.reset();
        }
        driver.context.activate(driver.block);
    }

    private void check(Subject subject) {
        require(subject.readable.mismatch(subject.expected) == -1, "memory for reading was written");
        for (long i = 0; i < AREA_BYTES; i += Long.BYTES) {
            require(subject.behind.get(JAVA_LONG_UNALIGNED, i) == 0x5A5A5A5A5A5A5A5AL, "memory behind was written");
        }
        require(subject.driver.image.currentSizeBytes() == SECTORS * 512L, "the image changed its size");
        require(subject.driver.queues[0].takeUsed() == null, "a request was answered twice");
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }

    /** Whether every kind of answer was given. */
    boolean wentDeep() {
        return statuses[0] > 0 && statuses[1] > 0 && statuses[2] > 0 && broken > 0;
    }

    /** What became of the requests. */
    String summary() {
        return "%d ok, %d errors, %d unsupported, %d broke the device"
                .formatted(statuses[0], statuses[1], statuses[2], broken);
    }

    @Override
    public void close() {
        try (Mapping image = Mapping.shared(readOnly.file, 0, SECTORS * 512L)) {
            for (long i = 0; i < SECTORS * 512L; i++) {
                require(image.segment().get(JAVA_BYTE, i) == 0, "a read-only image was written");
            }
        }
        writable.close();
        readOnly.close();
    }
}
