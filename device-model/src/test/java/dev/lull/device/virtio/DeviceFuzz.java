package dev.lull.device.virtio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.lull.device.fuzz.Bytes;
import dev.lull.device.loop.EventLoop;
import dev.lull.device.memory.GuestMemory;
import dev.lull.linux.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A hostile driver before the queues of a device: it does to rings, tables and buffers whatever its input says. Whatever that
 * is, the device throws nothing but a {@link VirtioException}, and no byte beside guest RAM changes.
 */
public final class DeviceFuzz {
    private static final int QUEUE_SIZE = 8;
    private static final int PAGE = 4096;
    private static final int LOW_BYTES = 16 * PAGE;
    private static final int HIGH_BYTES = 2 * PAGE;
    private static final long HIGH_GPA = 1L << 32;

    /** Rings lie below; tables and buffers from here on. */
    private static final int DATA_GPA = 4 * PAGE;

    private static final int USED_INDEX = 2;

    private static final byte CANARY = 0x5A;
    private static final int CANARY_INTERVAL = 256;
    private static final int MAX_TURNS = 64;

    private static final long[] ADDRESSES = {
        DATA_GPA,
        DATA_GPA + 16,
        DATA_GPA + PAGE - 1,
        0,
        LOW_BYTES - 1,
        LOW_BYTES - 16,
        LOW_BYTES,
        HIGH_GPA,
        HIGH_GPA + HIGH_BYTES - 1,
        HIGH_GPA + HIGH_BYTES,
        -1,
        -16,
        Long.MIN_VALUE,
        Long.MAX_VALUE,
        HIGH_GPA - 1
    };
    private static final int[] LENGTHS = {
        1,
        2,
        4,
        8,
        10,
        15,
        16,
        17,
        32,
        64,
        512,
        PAGE,
        HIGH_BYTES,
        LOW_BYTES - DATA_GPA,
        LOW_BYTES,
        0,
        -1,
        Integer.MIN_VALUE,
        Integer.MAX_VALUE
    };

    /** Without a loop: nothing is watched, and what is rung is rung at the next step. */
    private final class Context implements VirtioContext {
        private int rung;

        @Override
        public long features() {
            return features;
        }

        @Override
        public GuestMemory memory() {
            return guest.memory();
        }

        @Override
        public EventLoop loop() {
            throw new UnsupportedOperationException("no loop here");
        }

        @Override
        public @Nullable Virtqueue queue(int index) {
            return index < queues.length ? queues[index].queue() : null;
        }

        @Override
        public void watch(Fd fd, int eventMask, EventLoop.Handler handler) {}

        @Override
        public void unwatch(Fd fd) {}

        @Override
        public void ring(int index) {
            rung |= 1 << index;
        }

        @Override
        public void configChanged() {}
    }

    private final MemorySegment host = Arena.ofAuto().allocate(LOW_BYTES + HIGH_BYTES + 3L * PAGE, PAGE);
    private final MemorySegment low = host.asSlice(PAGE, LOW_BYTES);
    private final MemorySegment high = host.asSlice(LOW_BYTES + 2L * PAGE, HIGH_BYTES);
    private final TestGuest guest = new TestGuest(
            new GuestMemory(List.of(new GuestMemory.Region(0, low), new GuestMemory.Region(HIGH_GPA, high))));
    private final VirtioDevice device;
    private final long features;
    private final TestQueue[] queues;
    private final Context context = new Context();
    private final Runnable onActive;
    private long inputs;
    private long broken;
    private long used;

    /**
     * A hostile driver for {@code device}.
     *
     * @param features of the device's type, negotiated; those of the ring are, too
     * @param queueCount how many queues the driver enables
     */
    public DeviceFuzz(VirtioDevice device, long features, int queueCount) {
        this(device, features, queueCount, () -> {});
    }

    /** As the other, with a host that does {@code onActive} when the driver is ready. */
    public DeviceFuzz(VirtioDevice device, long features, int queueCount, Runnable onActive) {
        this.device = device;
        this.onActive = onActive;
        this.features = features | 1L << VirtioFeature.INDIRECT_DESC | 1L << VirtioFeature.EVENT_IDX;
        host.fill(CANARY);
        queues = new TestQueue[queueCount];
        for (int i = 0; i < queueCount; i++) {
            queues[i] = new TestQueue(guest, QUEUE_SIZE, this.features);
        }
        if (guest.allocate(1, 1) > DATA_GPA) {
            throw new IllegalArgumentException("the rings of " + queueCount + " queues do not fit");
        }
    }

    /** Plays one input, between DRIVER_OK and a reset. */
    public void run(byte[] input) {
        low.fill((byte) 0);
        high.fill((byte) 0);
        for (TestQueue queue : queues) {
            queue.reset();
        }
        context.rung = 0;
        device.activate(context);
        onActive.run();
        try {
            Bytes bytes = new Bytes(input);
            while (bytes.hasMore()) {
                step(bytes);
            }
            for (int i = 0; i < queues.length; i++) {
                notified(i);
            }
        } catch (VirtioException e) {
            broken++;
        }
        for (TestQueue queue : queues) {
            used += queue.used().get(JAVA_SHORT, USED_INDEX) != 0 ? 1 : 0;
        }
        boolean[] quiet = {false};
        device.reset(() -> quiet[0] = true);
        check(quiet[0], "the device is not quiet");
        if (inputs++ % CANARY_INTERVAL == 0) {
            checkCanaries();
        }
    }

    /** How often a request was served, and a device broken by its driver. */
    public String summary() {
        return "%d inputs, %d with requests served, %d broken".formatted(inputs, used, broken);
    }

    /** Whether inputs have come as far as they should. */
    public boolean wentDeep() {
        checkCanaries();
        return used > inputs / 100 && broken > inputs / 100;
    }

    private void step(Bytes bytes) {
        int what = bytes.octet();
        TestQueue queue = queues[(what >>> 4) % queues.length];
        switch (what % 8) {
            case 0, 1 ->
                queue.descriptor(
                        bytes.octet() % (QUEUE_SIZE + 1) % QUEUE_SIZE,
                        address(bytes),
                        length(bytes),
                        flags(bytes),
                        bytes.octet() % (QUEUE_SIZE + 1));
            case 2 -> tableEntry(bytes);
            case 3 -> queue.publish(bytes.octet() % (QUEUE_SIZE + 1));
            case 4 -> data(bytes);
            case 5 -> anyByte(bytes);
            case 6 -> notified((what >>> 4) % queues.length);
            default -> queue.publishIndex(queue.availableIndex() + (byte) bytes.octet() % (QUEUE_SIZE + 2));
        }
    }

    private static long address(Bytes bytes) {
        int which = bytes.octet();
        return which < 0xC0
                ? DATA_GPA + 16L * which
                : which < 0xFF ? ADDRESSES[which % ADDRESSES.length] : bytes.qword();
    }

    private static int length(Bytes bytes) {
        int which = bytes.octet();
        return which == 0xFF ? (int) bytes.dword() : LENGTHS[which % (which < 0xC0 ? 13 : LENGTHS.length)];
    }

    /** Mostly flags that mean something. */
    private static int flags(Bytes bytes) {
        int which = bytes.octet();
        return which < 0xF0 ? which % 4 : which < 0xFC ? TestQueue.INDIRECT : bytes.word();
    }

    private void tableEntry(Bytes bytes) {
        long offset = DATA_GPA + 16L * bytes.octet();
        TestQueue.putDescriptor(
                low.asSlice(offset, 16), 0, address(bytes), length(bytes), flags(bytes), bytes.octet() % 4);
    }

    private void data(Bytes bytes) {
        long offset = DATA_GPA + 16L * bytes.octet();
        int count = bytes.octet() % 32;
        for (int i = 0; i < count; i++) {
            low.set(JAVA_BYTE, offset + i, (byte) bytes.octet());
        }
    }

    private void anyByte(Bytes bytes) {
        low.set(JAVA_BYTE, bytes.word() % DATA_GPA, (byte) bytes.octet());
    }

    private void notified(int index) {
        device.notified(index);
        int turns = 0;
        while (context.rung != 0) {
            check(turns++ < MAX_TURNS, "the device is never done");
            int next = Integer.numberOfTrailingZeros(context.rung);
            context.rung &= context.rung - 1;
            device.notified(next);
        }
    }

    private void checkCanaries() {
        for (long[] gap : new long[][] {{0, PAGE}, {PAGE + LOW_BYTES, PAGE}, {host.byteSize() - PAGE, PAGE}}) {
            for (long at = gap[0]; at < gap[0] + gap[1]; at++) {
                check(host.get(JAVA_BYTE, at) == CANARY, "a byte beside guest RAM has changed");
            }
        }
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new AssertionError(message);
        }
    }
}
