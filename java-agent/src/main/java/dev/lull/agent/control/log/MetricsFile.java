package dev.lull.agent.control.log;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Where a virtual machine's metrics go, a file or a named pipe: a line of JSON each time. For any thread. */
public final class MetricsFile implements AutoCloseable {
    private final LineSink sink;

    /**
     * Opens a pipe, or a file that is created if there is none.
     *
     * @throws dev.lull.linux.LinuxException if that fails
     */
    public MetricsFile(Path path) {
        sink = new LineSink(path);
    }

    /**
     * Writes a line, or none of it if the pipe or the disk is full; it does not wait.
     *
     * @param json without line ends
     * @return whether it is written
     */
    public boolean write(String json) {
        if (json.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("metrics are one line");
        }
        return sink.write((json + '\n').getBytes(StandardCharsets.UTF_8));
    }

    /** How many lines found no room. */
    public long lostLines() {
        return sink.lostLines();
    }

    @Override
    public void close() {
        sink.close();
    }
}
