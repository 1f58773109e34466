package dev.lull.device.virtio.console;

import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import java.lang.foreign.MemorySegment;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * The console device with one port (virtio 1.2 §5.3), {@code hvc0} in Linux.
 *
 * <p>Neither direction loses bytes nor keeps the loop waiting: a guest that sends more than {@link Output} takes has its
 * buffers back later, and who sends to a guest that does not read waits in {@link #receive}.
 */
public final class VirtioConsole implements VirtioDevice {
    /** Takes what the guest sends, on the device's loop. */
    @FunctionalInterface
    public interface Output {
        /**
         * Takes bytes without waiting.
         *
         * @return how many were taken; if not all, {@link VirtioConsole#outputReady} is called when more will be
         */
        int accept(MemorySegment source, long offsetBytes, int lengthBytes);
    }

    /** VIRTIO_CONSOLE_F_SIZE. */
    private static final int FEATURE_SIZE = 0;

    private static final int TYPE = 3;
    private static final int PCI_CLASS = 0x078000;
    private static final int QUEUE_SIZE = 64;
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    /** The driver's port 0 is the only one. */
    private static final long PORTS = 1;

    private static final int CONFIG_PORTS = 4;
    private static final int CONFIG_BYTES = 8;

    private final DescriptorChain receiveChain = new DescriptorChain(QUEUE_SIZE);
    private final DescriptorChain transmitChain = new DescriptorChain(QUEUE_SIZE);
    private final ConsoleInput input = new ConsoleInput();
    private final Output output;
    private final NanoClock clock;
    private final RequestStats received;
    private final RequestStats transmitted;

    /** Columns, and rows above bit 16: what the configuration begins with. */
    private volatile int size;

    private volatile @Nullable VirtioContext context;
    private @Nullable Virtqueue receiveQueue;
    private @Nullable Virtqueue transmitQueue;

    /** Whether {@link #transmitChain} is under way, and how far. */
    private boolean transmitting;

    private int transmitPiece;
    private int transmitOffset;
    private long transmitStartNanos;

    /** A console of 80 columns and 25 rows. */
    public VirtioConsole(Output output, DeviceStats stats, NanoClock clock) {
        this.output = output;
        this.clock = clock;
        received = stats.request("receive");
        transmitted = stats.request("transmit");
        size = size(80, 25);
    }

    /**
     * Gives the guest bytes to read. Waits while it does not read them; never called on the device's loop.
     *
     * @throws InterruptedException if the calling thread is interrupted while it waits; earlier bytes were given
     */
    public void receive(byte[] bytes, int offset, int lengthBytes) throws InterruptedException {
        int done = 0;
        while (done < lengthBytes) {
            done += input.put(bytes, offset + done, lengthBytes - done);
            ring(RECEIVE);
        }
    }

    /** The output that did not take all will take more; from any thread. */
    public void outputReady() {
        ring(TRANSMIT);
    }

    /** The terminal has another size, each 0–65535; from any thread. */
    public void resize(int columns, int rows) {
        size = size(columns, rows);
        VirtioContext active = context;
        if (active != null) {
            active.configChanged();
        }
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public int pciClass() {
        return PCI_CLASS;
    }

    @Override
    public long features() {
        return 1L << FEATURE_SIZE;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE, QUEUE_SIZE};
    }

    @Override
    public long readConfig(int offset, int sizeBytes) {
        if (offset < 0 || offset > CONFIG_BYTES - sizeBytes) {
            return 0;
        }
        long config = Integer.toUnsignedLong(size) | (PORTS << (8 * CONFIG_PORTS));
        return (config >>> (8 * offset)) & ((1L << (8 * sizeBytes)) - 1);
    }

    @Override
    public void activate(VirtioContext newContext) {
        receiveQueue = newContext.queue(RECEIVE);
        transmitQueue = newContext.queue(TRANSMIT);
        transmitting = false;
        context = newContext;
    }

    @Override
    public void notified(int index) {
        if (index == RECEIVE) {
            receive();
        } else {
            transmit();
        }
    }

    @Override
    public void reset(Runnable quiet) {
        context = null;
        receiveQueue = null;
        transmitQueue = null;
        quiet.run();
    }

    @Override
    public void close() {
        // Nothing is held.
    }

    private static int size(int columns, int rows) {
        return (columns & 0xFFFF) | (rows << 16);
    }

    private void ring(int index) {
        VirtioContext active = context;
        if (active != null) {
            active.ring(index);
        }
    }

    private void receive() {
        Virtqueue buffers = receiveQueue;
        if (buffers == null) {
            return;
        }
        // Buffers are only looked for when there are bytes, which ring.
        buffers.suppressDoorbells();
        while (!input.isEmpty()) {
            if (!buffers.poll(receiveChain)) {
                buffers.flush();
                if (!buffers.armDoorbells()) {
                    return;
                }
                continue;
            }
            if (receiveChain.readableBytes() != 0) {
                throw new VirtioException(
                        "a device-readable buffer in the receiveq of a console (virtio 1.2 §5.3.6.1)");
            }
            long start = clock.nanoTime();
            int moved = input.moveTo(receiveChain);
            buffers.complete(receiveChain, moved);
            received.record(start, clock.nanoTime(), moved);
        }
        buffers.flush();
    }

    private void transmit() {
        Virtqueue requests = transmitQueue;
        VirtioContext active = context;
        if (requests == null || active == null) {
            return;
        }
        requests.suppressDoorbells();
        int served = 0;
        do {
            while (transmitting || requests.poll(transmitChain)) {
                begin();
                // What a guest sends without end would keep the loop from its other devices.
                if (served++ == QUEUE_SIZE) {
                    requests.flush();
                    active.ring(TRANSMIT);
                    return;
                }
                if (!passOn()) {
                    requests.flush();
                    return;
                }
                requests.complete(transmitChain, 0);
                transmitting = false;
                transmitted.record(transmitStartNanos, clock.nanoTime(), transmitChain.readableBytes());
            }
            requests.flush();
        } while (requests.armDoorbells());
    }

    private void begin() {
        if (transmitting) {
            return;
        }
        if (transmitChain.writableBytes() != 0) {
            throw new VirtioException("a device-writable buffer in the transmitq of a console (virtio 1.2 §5.3.6.1)");
        }
        transmitting = true;
        transmitPiece = 0;
        transmitOffset = 0;
        transmitStartNanos = clock.nanoTime();
    }

    /** Gives the output the rest of the chain; false if it did not take all. */
    private boolean passOn() {
        while (transmitPiece < transmitChain.pieces()) {
            int rest = transmitChain.lengthBytes(transmitPiece) - transmitOffset;
            int taken = output.accept(
                    transmitChain.memory(transmitPiece), transmitChain.offset(transmitPiece) + transmitOffset, rest);
            if (taken < rest) {
                transmitOffset += taken;
                return false;
            }
            transmitPiece++;
            transmitOffset = 0;
        }
        return true;
    }
}
