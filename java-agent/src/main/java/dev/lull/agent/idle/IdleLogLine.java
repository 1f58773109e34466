package dev.lull.agent.idle;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * A line of an {@link IdleLog}.
 *
 * @param beginNanos of the monotonic clock, as {@code endNanos}
 * @param beginCpu where it began; −1 if that was not told
 * @param halts of the vCPUs of the CPU, added up, and one: the name of the rest; 0 for none
 */
public record IdleLogLine(
        Kind kind,
        long beginNanos,
        long endNanos,
        int beginCpu,
        int endCpu,
        long halts,
        String machine,
        String task,
        boolean preempted) {
    /** What was logged. */
    public enum Kind {
        /** A rest that was used, from the first look that found it to the last. */
        REST,
        /** A step in idle time. */
        STEP,
        /** A step on a housekeeping CPU. */
        OVERDUE
    }

    /** How long it took, in nanoseconds. */
    public long nanos() {
        return endNanos - beginNanos;
    }

    /**
     * Reads a log, line by line.
     *
     * @throws IOException if it cannot be read, or a line is none of a log
     */
    public static void read(Path log, Consumer<IdleLogLine> taker) throws IOException {
        try (BufferedReader reader = Files.newBufferedReader(log)) {
            String line = reader.readLine();
            if (!IdleLog.HEADING.equals(line)) {
                throw new IOException(
                        log + " is not a log of idle time: its first line is not '" + IdleLog.HEADING + "'");
            }
            for (int number = 2; (line = reader.readLine()) != null; number++) {
                taker.accept(parse(line, log, number));
            }
        }
    }

    private static IdleLogLine parse(String line, Path log, int number) throws IOException {
        try {
            String[] words = line.split(" ", -1);
            return new IdleLogLine(
                    Kind.valueOf(words[0].toUpperCase(Locale.ROOT)),
                    Long.parseLong(words[1]),
                    Long.parseLong(words[2]),
                    Integer.parseInt(words[3]),
                    Integer.parseInt(words[4]),
                    Long.parseLong(words[5]),
                    words[6],
                    words[7],
                    words[9].equals("true"));
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new IOException(log + ": line " + number + " is not of a log of idle time", e);
        }
    }
}
