package dev.lull.device.virtio.balloon;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.lull.device.memory.GuestMemory;
import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.RequestStats;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.concurrent.NanoClock;

/**
 * The free_page_vq (virtio 1.2 §5.5.6.5): the host gives a run of hints a number, the guest repeats it, names pages it has
 * free, and says that it is through. The guest keeps those pages until the host is done.
 *
 * <p>Hints are handled on the device's loop; {@link #start}, {@link #stop} and what they have come to are for any thread.
 */
final class HintQueue {
    /** VIRTIO_BALLOON_CMD_ID_STOP: the guest is through, or is to hint no more but keep its pages. */
    private static final int STOP = 0;

    /** VIRTIO_BALLOON_CMD_ID_DONE: the guest may use its pages again. */
    private static final int DONE = 1;

    private static final int FIRST_RUN = 2;
    private static final long NONE = -1;

    private final DescriptorChain chain = new DescriptorChain(VirtioBalloon.QUEUE_SIZE);
    private final MemorySegment word = Arena.ofAuto().allocate(JAVA_INT);
    private final PageRun run;
    private final RequestStats stats;
    private final NanoClock clock;
    private final AtomicInteger hostCommand = new AtomicInteger(STOP);
    private volatile long guestCommand = NONE;
    private volatile boolean endsWithGuest;
    private int lastRun = FIRST_RUN - 1;

    HintQueue(PageRun run, RequestStats stats, NanoClock clock) {
        this.run = run;
        this.stats = stats;
        this.clock = clock;
    }

    /** {@code free_page_hint_cmd_id} of the configuration. */
    int hostCommand() {
        return hostCommand.get();
    }

    /** What the guest said last; empty if nothing. */
    OptionalLong guestCommand() {
        long command = guestCommand;
        return command == NONE ? OptionalLong.empty() : OptionalLong.of(command);
    }

    /** Asks for a new run of hints, which the driver is to be told. */
    synchronized void start(boolean endWithGuest) {
        lastRun++;
        if (lastRun == STOP || lastRun == DONE) {
            lastRun = FIRST_RUN;
        }
        endsWithGuest = endWithGuest;
        hostCommand.set(lastRun);
    }

    /** Lets the guest use its pages again, which the driver is to be told. */
    synchronized void stop() {
        hostCommand.set(DONE);
    }

    /** The driver is reset: the next one knows of no run. */
    synchronized void reset() {
        lastRun = FIRST_RUN - 1;
        hostCommand.set(STOP);
        guestCommand = NONE;
    }

    /**
     * Handles some of what is available.
     *
     * @param onDone called when the run has ended, and the driver is to be told
     * @return whether there may be more
     */
    boolean serve(Virtqueue queue, GuestMemory memory, Runnable onDone) {
        queue.suppressDoorbells();
        int served = 0;
        do {
            while (queue.poll(chain)) {
                if (served++ == VirtioBalloon.QUEUE_SIZE) {
                    queue.undoPoll();
                    queue.flush();
                    return true;
                }
                if (chain.readableBytes() > 0) {
                    takeCommand(onDone);
                }
                if (guestCommand == Integer.toUnsignedLong(hostCommand.get()) && guestCommand >= FIRST_RUN) {
                    takeHint(memory);
                }
                queue.complete(chain, 0);
            }
            queue.flush();
        } while (queue.armDoorbells());
        return false;
    }

    private void takeCommand(Runnable onDone) {
        if (chain.readableBytes() != Integer.BYTES) {
            throw new VirtioException("a hint's command that is not of four bytes (virtio 1.2 §5.5.6.5)");
        }
        chain.copyOut(0, word, 0, Integer.BYTES);
        int command = word.get(JAVA_INT, 0);
        long former = guestCommand;
        guestCommand = Integer.toUnsignedLong(command);
        boolean through = command == STOP || command == DONE;
        // A run that the host has given up for another does not end the other.
        if (through && endsWithGuest && former >= FIRST_RUN && hostCommand.compareAndSet((int) former, DONE)) {
            onDone.run();
        }
    }

    private void takeHint(GuestMemory memory) {
        if (chain.writableBytes() == 0) {
            return;
        }
        long start = clock.nanoTime();
        run.begin(memory);
        for (int i = chain.readablePieces(); i < chain.pieces(); i++) {
            run.add(chain.memory(i), chain.offset(i), chain.lengthBytes(i));
        }
        run.giveBack();
        run.record(stats, start, clock.nanoTime());
    }
}
