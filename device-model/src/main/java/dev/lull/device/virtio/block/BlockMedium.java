package dev.lull.device.virtio.block;

import dev.lull.device.backend.DiskEngine;
import dev.lull.device.backend.DiskException;
import dev.lull.device.backend.DiskImage;
import dev.lull.linux.Errno;
import dev.lull.linux.LinuxException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * The image a disk stands on, the engine that works on it, and the pair that is to take their place. A disk that is in use
 * changes over by itself, when nothing is under way on the old image; one that is not is changed at once.
 *
 * <p>Used on the device's loop, but for {@link #replace}, {@link #resize} and {@link #close}. The lock guards who is next and
 * whether the disk is in use; the loop takes it for neither requests nor doorbells. Files are opened outside it.
 */
final class BlockMedium implements AutoCloseable {
    private static final class Successor {
        final DiskImage image;
        final DiskEngine engine;
        CompletableFuture<Void> done = new CompletableFuture<>();
        long sizeBytes;

        Successor(DiskImage image, DiskEngine engine) {
            this.image = image;
            this.engine = engine;
            this.sizeBytes = image.sizeBytes();
        }

        void close() {
            engine.close();
            image.close();
        }
    }

    private final NanoClock clock;
    private final LongConsumer onSize;
    private final boolean readOnly;
    private final boolean direct;
    private final int blockBytes;
    private final DiskEngine.Kind engineKind;
    private final Object opening = new Object();
    private final Object lock = new Object();
    private DiskImage image;
    private DiskEngine engine;
    private volatile @Nullable Successor successor;
    private boolean inUse;
    private boolean closed;

    /** @param onSize takes each new size, in bytes, under a lock */
    BlockMedium(DiskImage image, DiskEngine engine, NanoClock clock, LongConsumer onSize) {
        this.image = image;
        this.engine = engine;
        this.clock = clock;
        this.onSize = onSize;
        readOnly = image.readOnly();
        direct = image.direct();
        blockBytes = image.blockBytes();
        engineKind = engine.kind();
    }

    DiskEngine engine() {
        return engine;
    }

    boolean readOnly() {
        return readOnly;
    }

    /** What a request's place and length are multiples of; every image has the same. */
    int blockBytes() {
        return blockBytes;
    }

    /** Whether another image waits for what is under way to end; requests wait for it. */
    boolean hasSuccessor() {
        return successor != null;
    }

    /** The disk is in use from now on. */
    void begin() {
        synchronized (lock) {
            inUse = true;
        }
    }

    /** The disk is not in use any more; nothing is under way. */
    void end() {
        synchronized (lock) {
            inUse = false;
            advance();
        }
    }

    /** Changes over to the successor, if there is one; nothing is under way on the old image, which is closed. */
    void advance() {
        synchronized (lock) {
            Successor next = successor;
            if (next == null) {
                return;
            }
            successor = null;
            engine.close();
            image.close();
            image = next.image;
            engine = next.engine;
            onSize.accept(next.sizeBytes);
            next.done.complete(null);
        }
    }

    /**
     * Has the image at {@code path} take the place of this one, soon or, if the disk is not in use, at once. The image it has
     * already is only asked for its size. From any thread.
     *
     * @return ends with the old image
     * @throws DiskException if it cannot; nothing has changed
     */
    CompletableFuture<Void> replace(Path path) {
        synchronized (opening) {
            synchronized (lock) {
                checkOpen();
                Successor next = successor;
                if (image.isAt(path)) {
                    onSize.accept(image.currentSizeBytes());
                    withdraw().complete(null);
                    return CompletableFuture.completedFuture(null);
                }
                if (next != null && next.image.isAt(path)) {
                    next.sizeBytes = next.image.currentSizeBytes();
                    return next.done;
                }
            }
            return succeed(open(path));
        }
    }

    /**
     * Takes over the size the image has now. From any thread.
     *
     * @throws DiskException if that is no size for a disk
     */
    void resize() {
        synchronized (lock) {
            checkOpen();
            onSize.accept(image.currentSizeBytes());
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            withdraw().complete(null);
            engine.close();
            image.close();
        }
    }

    private CompletableFuture<Void> succeed(Successor next) {
        synchronized (lock) {
            if (closed) {
                next.close();
            }
            checkOpen();
            next.done = withdraw();
            successor = next;
            if (!inUse) {
                advance();
            }
            return next.done;
        }
    }

    /** Closes the successor, if there is one, which will not be one; what those who wait for it wait for. */
    private CompletableFuture<Void> withdraw() {
        Successor former = successor;
        if (former == null) {
            return new CompletableFuture<>();
        }
        successor = null;
        former.close();
        return former.done;
    }

    private Successor open(Path path) {
        DiskImage next = DiskImage.open(path, readOnly, direct);
        try {
            if (next.blockBytes() != blockBytes) {
                throw new DiskException(
                        path,
                        "it has blocks of %d bytes, and the disk whose place it is to take of %d; attach it as another disk"
                                .formatted(next.blockBytes(), blockBytes));
            }
            return new Successor(next, DiskEngine.of(engineKind, next, VirtioBlock.QUEUE_SIZE, clock));
        } catch (LinuxException e) {
            next.close();
            throw new DiskException(path, e.operation() + " failed: " + Errno.name(e.errno()));
        } catch (DiskException e) {
            next.close();
            throw e;
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the disk on " + image.path() + " is closed");
        }
    }
}
