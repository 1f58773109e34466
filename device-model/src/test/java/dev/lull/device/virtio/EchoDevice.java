package dev.lull.device.virtio;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A device that copies what it reads to what it may write, remembers what happened to it, and fails when it is told to. */
public final class EchoDevice implements VirtioDevice {
    /** A feature of its own. */
    public static final int FEATURE = 5;

    /** What it says when a driver writes to byte 0xF00 of its configuration. */
    public static final String MISTAKE = "a mistake of the device's own";

    private static final int[] SIZES = {8, 16};
    private static final int COPY_BYTES = 4096;

    private final List<String> events = new ArrayList<>();
    private final byte[] config = {1, 2, 3, 4, 5, 6, 7, 8};
    private final DescriptorChain chain = new DescriptorChain(16);
    private final MemorySegment copy = Arena.ofAuto().allocate(COPY_BYTES);
    private @Nullable VirtioContext context;
    private @Nullable RuntimeException failure;
    private @Nullable Runnable quiet;
    private boolean delaysReset;
    private int requestsUnderWay;

    /** What happened, in order. */
    public List<String> events() {
        return events;
    }

    /** What it was activated with, last. */
    public VirtioContext context() {
        VirtioContext active = context;
        if (active == null) {
            throw new AssertionError("the device is not active");
        }
        return active;
    }

    /** Has the next call on the loop throw. */
    public void failWith(RuntimeException newFailure) {
        failure = newFailure;
    }

    /** Has its reset wait for {@link #endReset}. */
    public void delayReset() {
        delaysReset = true;
    }

    /** Ends a reset that waits. */
    public void endReset() {
        Runnable waiting = quiet;
        if (waiting == null) {
            throw new AssertionError("no reset is under way");
        }
        quiet = null;
        delaysReset = false;
        waiting.run();
    }

    /** Sets how many requests it says are under way. */
    public void setRequestsUnderWay(int count) {
        requestsUnderWay = count;
    }

    /** Changes a byte of its configuration and says so. */
    public void changeConfig(int offset, int value) {
        config[offset] = (byte) value;
        context().configChanged();
    }

    @Override
    public int type() {
        return 4;
    }

    @Override
    public int pciClass() {
        return 0x00FF00;
    }

    @Override
    public long features() {
        return 1L << FEATURE;
    }

    @Override
    public int[] queueSizes() {
        return SIZES.clone();
    }

    @Override
    public long readConfig(int offset, int sizeBytes) {
        long value = 0;
        for (int i = 0; i < sizeBytes && offset + i < config.length; i++) {
            value |= (config[offset + i] & 0xFFL) << (8 * i);
        }
        return value;
    }

    @Override
    public void writeConfig(int offset, int sizeBytes, long value) {
        if (offset == 0xF00) {
            throw new IllegalStateException(MISTAKE);
        }
        for (int i = 0; i < sizeBytes && offset + i < config.length; i++) {
            config[offset + i] = (byte) (value >>> (8 * i));
        }
    }

    @Override
    public void activate(VirtioContext newContext) {
        events.add("activate %x".formatted(newContext.features()));
        context = newContext;
        failIfTold();
    }

    @Override
    public void notified(int queue) {
        events.add("notified " + queue);
        failIfTold();
        Virtqueue active = context().queue(queue);
        while (active != null && active.poll(chain)) {
            int count = (int) Math.min(COPY_BYTES, Math.min(chain.readableBytes(), chain.writableBytes()));
            chain.copyOut(0, copy, 0, count);
            chain.copyIn(0, copy, 0, count);
            active.complete(chain, count);
        }
        if (active != null) {
            active.flush();
        }
    }

    @Override
    public void reset(Runnable newQuiet) {
        events.add("reset");
        context = null;
        failIfTold();
        if (delaysReset) {
            quiet = newQuiet;
        } else {
            newQuiet.run();
        }
    }

    @Override
    public int requestsUnderWay() {
        return requestsUnderWay;
    }

    @Override
    public void close() {
        events.add("close");
    }

    private void failIfTold() {
        RuntimeException told = failure;
        failure = null;
        if (told != null) {
            throw told;
        }
    }
}
