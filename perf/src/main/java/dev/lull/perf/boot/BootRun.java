package dev.lull.perf.boot;

import dev.lull.perf.worker.Child;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One boot of the guest under one monitor. */
final class BootRun {
    private static final Pattern BOOT_TIMER = Pattern.compile("Guest boot time: (\\d{1,9})\\.(\\d) ms");
    private static final long NANOS_PER_TENTH_MILLI = 100_000;

    private final Subject subject;
    private final Guest guest;
    private final Path directory;
    private final Duration limit;

    /**
     * @param directory for what must not be on a slow file system: Lull's cache, the monitor's messages
     * @param limit after which the monitor is ended
     */
    BootRun(Subject subject, Guest guest, Path directory, Duration limit) {
        this.subject = subject;
        this.guest = guest;
        this.directory = directory;
        this.limit = limit;
    }

    /**
     * Runs it to its end.
     *
     * @return what was measured, in nanoseconds by metric
     * @throws TimeoutException if it did not end in time
     * @throws IOException if it did not reach the guest's first process
     */
    Map<String, Long> measure() throws IOException, InterruptedException, TimeoutException {
        Path messages = directory.resolve("messages");
        ProcessBuilder builder = new ProcessBuilder(subject.command(guest)).redirectError(messages.toFile());
        builder.environment().put("LULL_CACHE", directory.resolve("cache").toString());
        ConsoleText console = new ConsoleText(Guest.MARKER);
        long reached = -1;
        long started = System.nanoTime();
        // Its standard input stays open and empty: at an end of file kvmtool would poll without pause.
        try (Child monitor = new Child(builder, limit)) {
            InputStream output = monitor.output();
            byte[] bytes = new byte[4096];
            for (int length = output.read(bytes); length >= 0; length = output.read(bytes)) {
                if (console.accept(bytes, length) && reached < 0) {
                    reached = System.nanoTime();
                }
            }
            monitor.await();
            if (monitor.expired()) {
                throw new TimeoutException(subject.name() + " did not end within " + limit.toSeconds() + " s");
            }
        }
        String said = Files.readString(messages);
        if (reached < 0) {
            throw new IOException(subject.name() + " did not reach init: " + reason(said, console));
        }
        Map<String, Long> nanos = new LinkedHashMap<>();
        nanos.put(Subject.PROCESS_TO_INIT, reached - started);
        if (subject.isLull()) {
            nanos.put(
                    Subject.VM_TO_INIT,
                    bootTimer(said)
                            .orElseThrow(() -> new IOException(
                                    "lull --boot-timer said nothing of the boot: " + ConsoleText.lastLine(said))));
        }
        return nanos;
    }

    private static String reason(String said, ConsoleText console) {
        String last = ConsoleText.lastLine(said);
        String end = "its console ends with '" + console.lastLine() + "'";
        return last.isEmpty() ? end : last + "; " + end;
    }

    /** The figure in what {@code lull run --boot-timer} says. */
    static OptionalLong bootTimer(String said) {
        Matcher matcher = BOOT_TIMER.matcher(said);
        return matcher.find()
                ? OptionalLong.of((Long.parseLong(matcher.group(1)) * 10 + Long.parseLong(matcher.group(2)))
                        * NANOS_PER_TENTH_MILLI)
                : OptionalLong.empty();
    }
}
