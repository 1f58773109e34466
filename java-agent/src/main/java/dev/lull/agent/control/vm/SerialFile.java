package dev.lull.agent.control.vm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.lull.device.legacy.SerialPort;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A file or named pipe for what a guest writes to its console, a line at a time. What a full pipe does not take is dropped and
 * counted: the guest does not wait for whoever reads it.
 */
final class SerialFile implements SerialPort.Output, AutoCloseable {
    private static final int BUFFER_BYTES = 512;
    private static final int PERMISSIONS = 0640;

    private final Fd file;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(BUFFER_BYTES);
    private int bufferedBytes;
    private long droppedBytes;
    private boolean closed;

    /** @throws dev.lull.linux.LinuxException if it cannot be opened */
    SerialFile(Path path) {
        file = Fd.open(
                path.toString(),
                LinuxConstants.O_RDWR | LinuxConstants.O_CREAT | LinuxConstants.O_APPEND | LinuxConstants.O_NONBLOCK,
                PERMISSIONS);
    }

    @Override
    public synchronized void accept(int value) {
        if (closed) {
            return;
        }
        buffer.set(JAVA_BYTE, bufferedBytes++, (byte) value);
        if (value == '\n' || bufferedBytes == BUFFER_BYTES) {
            flush();
        }
    }

    /** How many bytes found no room. */
    synchronized long droppedBytes() {
        return droppedBytes;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            flush();
            closed = true;
            file.close();
            arena.close();
        }
    }

    private void flush() {
        if (bufferedBytes > 0) {
            long written = file.write(buffer.asSlice(0, bufferedBytes));
            droppedBytes += bufferedBytes - Math.max(0, written);
            bufferedBytes = 0;
        }
    }
}
