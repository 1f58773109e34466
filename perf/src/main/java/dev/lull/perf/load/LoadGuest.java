package dev.lull.perf.load;

import dev.lull.perf.worker.Child;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A running guest, which carries out commands typed on its console ({@code perf/lab/guest/run}). Used by one thread. */
final class LoadGuest implements AutoCloseable {
    private static final String READY = "lull-guest: init";
    private static final String ECHO_STATUS = "\necho lull-guest: status=$?\n";
    private static final Pattern STATUS = Pattern.compile("^lull-guest: status=(\\d+)$", Pattern.MULTILINE);

    private final String name;
    private final Path messages;
    private final Child monitor;
    private final StringBuilder console = new StringBuilder();
    private final byte[] bytes = new byte[8192];

    /**
     * Starts it, and waits until it takes commands.
     *
     * @param command the monitor's
     * @param directory for the monitor's messages
     * @param limit for its start, and for each command
     */
    LoadGuest(Monitor monitor, ProcessBuilder command, Path directory, Duration limit)
            throws IOException, TimeoutException {
        this.name = monitor.name();
        this.messages = directory.resolve(name + ".messages");
        this.monitor = new Child(command.redirectError(messages.toFile()), limit);
        try {
            while (console.indexOf(READY) < 0) {
                read();
            }
            console.setLength(0);
        } catch (IOException | TimeoutException e) {
            close();
            throw e;
        }
    }

    /**
     * Has a command run.
     *
     * @return what it printed
     * @throws IOException if it failed
     */
    String run(String command) throws IOException, TimeoutException {
        monitor.postpone();
        OutputStream keyboard = monitor.input();
        keyboard.write((command + ECHO_STATUS).getBytes(StandardCharsets.UTF_8));
        keyboard.flush();
        Matcher status = STATUS.matcher(console);
        while (!status.find()) {
            read();
            status = STATUS.matcher(console);
        }
        String printed = console.substring(0, status.start());
        boolean failed = !status.group(1).equals("0");
        console.setLength(0);
        if (failed) {
            throw new IOException("in %s's guest '%s' failed: %s".formatted(name, command, printed.strip()));
        }
        return printed;
    }

    private void read() throws IOException, TimeoutException {
        InputStream output = monitor.output();
        int length = output.read(bytes);
        if (length >= 0) {
            console.append(new String(bytes, 0, length, StandardCharsets.ISO_8859_1).replace("\r", ""));
            return;
        }
        if (monitor.expired()) {
            throw new TimeoutException(name + " took too long");
        }
        String said = Files.readString(messages).strip();
        throw new IOException(name + " ended: " + (said.isEmpty() ? "its console ends with '" + console + "'" : said));
    }

    @Override
    public void close() {
        monitor.close();
    }
}
