package dev.lull.agent.boot;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Random access to the bytes of an image, be it a file or memory, so that parsing and loading know no difference. */
interface ImageBytes extends AutoCloseable {
    /** As many bytes as one buffer is let to take. */
    long READ_BYTES = 1L << 30;

    /** What messages call this image, as in {@code kernel /boot/vmlinuz}. */
    String name();

    /** Length in bytes at the time it was opened. */
    long sizeBytes();

    /**
     * Fills what remains of {@code destination} from {@code offset} on.
     *
     * @throws KernelException when the image ends before, or cannot be read
     */
    void read(long offset, ByteBuffer destination);

    /**
     * Fills {@code destination} from {@code offset} on.
     *
     * @throws KernelException when the image ends before, or cannot be read
     */
    default void copyTo(long offset, MemorySegment destination) {
        long length = destination.byteSize();
        for (long done = 0; done < length; done += READ_BYTES) {
            MemorySegment part = destination.asSlice(done, Math.min(READ_BYTES, length - done));
            read(offset + done, part.asByteBuffer());
        }
    }

    @Override
    void close();

    /** A fresh little-endian buffer of the {@code lengthBytes} bytes at {@code offset}. */
    default ByteBuffer read(long offset, int lengthBytes) {
        ByteBuffer buffer = ByteBuffer.allocate(lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
        read(offset, buffer);
        return buffer.flip();
    }

    /** The failure of a read behind the end: the image was shorter than it said, or shrank meanwhile. */
    default KernelException truncated(long endOffset) {
        return new KernelException(name() + ": is truncated: " + endOffset + " bytes expected, it has " + sizeBytes()
                + "; give the complete file");
    }
}
