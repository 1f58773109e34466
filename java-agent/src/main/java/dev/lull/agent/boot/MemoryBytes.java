package dev.lull.agent.boot;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** An image in memory: unpacked where no cache could take it, or read whole to be hashed and unpacked. */
final class MemoryBytes implements ImageBytes {
    private final String name;
    private final MemorySegment segment;
    private final @Nullable Arena arena;

    /** An image in memory that somebody else owns. */
    MemoryBytes(String name, MemorySegment segment) {
        this(name, segment, null);
    }

    /** An image in memory that lives as long as {@code arena}, which {@link #close} closes. */
    MemoryBytes(String name, MemorySegment segment, @Nullable Arena arena) {
        this.name = name;
        this.segment = segment;
        this.arena = arena;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sizeBytes() {
        return segment.byteSize();
    }

    @Override
    public void read(long offset, ByteBuffer destination) {
        int length = destination.remaining();
        if (offset < 0 || offset > segment.byteSize() - length) {
            throw truncated(offset + length);
        }
        destination.put(segment.asSlice(offset, length).asByteBuffer());
    }

    /** The image itself. */
    MemorySegment segment() {
        return segment;
    }

    @Override
    public void close() {
        if (arena != null && arena.scope().isAlive()) {
            arena.close();
        }
    }
}
