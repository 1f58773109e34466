package dev.lull.device.backend;

import dev.lull.linux.Fd;
import org.jspecify.annotations.Nullable;

/** Carries out steps of requests while the thread that started them does something else. Used on that thread. */
sealed interface AsyncIo extends AutoCloseable permits RingIo, PoolIo {
    /** Readable when steps have ended. */
    Fd ready();

    /** Begins a step of {@code request}, at the latest with {@link #submit}. */
    void start(DiskRequest request);

    /** Begins all that has been started. */
    void submit();

    /** {@link #ready} has been reported. */
    void acknowledge();

    /** A request whose step has ended; null if there is none. {@link #result} is the step's. */
    @Nullable
    DiskRequest poll();

    /** The result of the step that {@link #poll} has told of. */
    long result();

    /** Gives threads and descriptors back; no step is under way. */
    @Override
    void close();
}
