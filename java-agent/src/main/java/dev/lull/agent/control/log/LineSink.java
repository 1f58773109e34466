package dev.lull.agent.control.log;

import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Lines to a file, at its end, or to a named pipe. A pipe that is full, or a disk, loses lines and never waits; lines are whole.
 * For any thread.
 */
final class LineSink implements AutoCloseable {
    private static final int PERMISSIONS = 0640;

    private final Fd file;
    private byte[] rest = {};
    private long lostLines;

    /**
     * Opens a pipe, or a file that is created if there is none.
     *
     * @throws dev.lull.linux.LinuxException if that fails
     */
    LineSink(Path path) {
        // A pipe opened for reading too needs no reader to be there, and outlives those that come and go.
        file = Fd.open(
                path.toString(),
                LinuxConstants.O_RDWR | LinuxConstants.O_CREAT | LinuxConstants.O_APPEND | LinuxConstants.O_NONBLOCK,
                PERMISSIONS);
    }

    /**
     * Writes a line, all of it or nothing.
     *
     * @param line with its end
     * @return whether it is written
     */
    synchronized boolean write(byte[] line) {
        // A pipe may take a long line in parts; nothing may come between them.
        rest = unwritten(rest);
        if (rest.length > 0) {
            lostLines++;
            return false;
        }
        byte[] left = unwritten(line);
        if (left.length == line.length) {
            lostLines++;
            return false;
        }
        rest = left;
        return true;
    }

    /** How many lines are lost so far. */
    synchronized long lostLines() {
        return lostLines;
    }

    private byte[] unwritten(byte[] bytes) {
        int written = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            while (written < bytes.length) {
                long result = file.write(segment.asSlice(written));
                if (result <= 0 && result != -Errno.EINTR) {
                    break;
                }
                written += (int) Math.max(0, result);
            }
        }
        return written == 0 ? bytes : Arrays.copyOfRange(bytes, written, bytes.length);
    }

    @Override
    public synchronized void close() {
        file.close();
    }
}
