package dev.lull.agent.idle;

import dev.lull.idle.IdleOutcome;
import dev.lull.idle.IdleRecord;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes what happens in idle time to a file, a line each, for {@link IdleCheck} and for people: {@value #HEADING}. Times are
 * nanoseconds of the monotonic clock; a rest has no task, and its two CPUs are the same.
 */
public final class IdleLog implements IdleEvents, AutoCloseable {
    /** The first line. */
    public static final String HEADING = "kind begin end begin-cpu end-cpu halts machine task outcome preempted";

    /** A rest as {@link IdleRecord.Kind#REST}. */
    static final String REST = "rest";

    /** A step in idle time. */
    static final String STEP = "step";

    /** A step on a housekeeping CPU. */
    static final String OVERDUE = "overdue";

    private final Path path;
    private final BufferedWriter writer;

    private IdleLog(Path path, BufferedWriter writer) {
        this.path = path;
        this.writer = writer;
    }

    /**
     * Begins a new log.
     *
     * @throws IOException if the file cannot be made
     */
    public static IdleLog create(Path path) throws IOException {
        BufferedWriter writer = Files.newBufferedWriter(path);
        writer.write(HEADING);
        writer.newLine();
        return new IdleLog(path, writer);
    }

    @Override
    public boolean eachStep() {
        return true;
    }

    @Override
    public void happened(Submission work, IdleRecord record) {
        boolean step = record.kind() == IdleRecord.Kind.STEP;
        line(
                step ? STEP : REST,
                record.beginNanos(),
                record.endNanos(),
                record.beginCpu(),
                record.endCpu(),
                record.halts(),
                work,
                step ? record.outcome().name() : "-",
                record.preempted());
    }

    @Override
    public void javaStep(Submission work, long beginNanos, long nanos, int cpu, IdleOutcome outcome) {
        line(STEP, beginNanos, beginNanos + nanos, cpu, cpu, 0, work, outcome.name(), false);
    }

    @Override
    public void overdueStep(Submission work, long beginNanos, long nanos) {
        line(OVERDUE, beginNanos, beginNanos + nanos, -1, -1, 0, work, "-", false);
    }

    /** Writes what is left. */
    @Override
    public synchronized void close() {
        try {
            writer.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + path, e);
        }
    }

    private synchronized void line(
            String kind,
            long beginNanos,
            long endNanos,
            int beginCpu,
            int endCpu,
            long halts,
            Submission work,
            String outcome,
            boolean preempted) {
        try {
            writer.write(kind
                    + ' '
                    + beginNanos
                    + ' '
                    + endNanos
                    + ' '
                    + beginCpu
                    + ' '
                    + endCpu
                    + ' '
                    + halts
                    + ' '
                    + work.machine.name()
                    + ' '
                    + work.task.name()
                    + ' '
                    + outcome
                    + ' '
                    + preempted);
            writer.newLine();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + path, e);
        }
    }
}
