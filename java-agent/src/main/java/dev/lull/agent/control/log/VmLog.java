package dev.lull.agent.control.log;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A virtual machine's log: lines as Firecracker's, {@code 2024-01-01T00:00:00.000000000 [id:thread:LEVEL:file:line] message},
 * in local time, to a file or a named pipe; to the service's log, for debugging, until there is one. For any thread.
 */
public final class VmLog implements AutoCloseable {
    private static final Logger SERVICE = LoggerFactory.getLogger(VmLog.class);
    private static final StackWalker STACK = StackWalker.getInstance();
    private static final String OWN_NAME = VmLog.class.getName();

    /**
     * What is logged, and how.
     *
     * @param level of the least important lines
     * @param showLevel whether lines have their level
     * @param showOrigin whether lines have the place in the program they come from
     * @param module only lines from classes whose names begin so; null for all
     */
    public record Format(
            LogLevel level,
            boolean showLevel,
            boolean showOrigin,
            @Nullable String module) {
        /** Firecracker's. */
        public static final Format DEFAULT = new Format(LogLevel.INFO, false, false, null);
    }

    private final String id;
    private volatile Format format = Format.DEFAULT;
    private volatile @Nullable LineSink sink;
    private long lostBefore;

    /** @param id of the machine */
    public VmLog(String id) {
        this.id = id;
    }

    /** What is logged, and how. */
    public Format format() {
        return format;
    }

    /** From now on. */
    public void setFormat(Format newFormat) {
        format = newFormat;
    }

    /**
     * Lines go to {@code path} from now on, a named pipe or a file, which is created if there is none.
     *
     * @throws dev.lull.linux.LinuxException if it cannot be opened; lines go where they went
     */
    public synchronized void setPath(Path path) {
        LineSink opened = new LineSink(path);
        LineSink before = sink;
        sink = opened;
        if (before != null) {
            lostBefore += before.lostLines();
            before.close();
        }
    }

    /** Whether lines of {@code level} are logged; for whoever would make one at some expense. */
    public boolean isEnabled(LogLevel level) {
        return format.level().admits(level);
    }

    /** A line. */
    public void log(LogLevel level, String message) {
        Format now = format;
        if (!now.level().admits(level)) {
            return;
        }
        StackWalker.@Nullable StackFrame origin = now.showOrigin() || now.module() != null ? caller() : null;
        if (now.module() != null && (origin == null || !origin.getClassName().startsWith(now.module()))) {
            return;
        }
        LineSink to = sink;
        if (to == null) {
            toService(level, message);
        } else {
            to.write(line(now, level, origin, message).getBytes(StandardCharsets.UTF_8));
        }
    }

    /** How many lines found no room in their pipe or on their disk. */
    public synchronized long lostLines() {
        LineSink now = sink;
        return lostBefore + (now == null ? 0 : now.lostLines());
    }

    private String line(Format now, LogLevel level, StackWalker.@Nullable StackFrame origin, String message) {
        StringBuilder line = new StringBuilder(message.length() + 96);
        appendTime(line, LocalDateTime.now(ZoneId.systemDefault()));
        line.append(" [").append(id).append(':');
        SafeText.append(line, Thread.currentThread().getName());
        if (now.showLevel()) {
            line.append(':').append(level);
        }
        if (now.showOrigin()) {
            line.append(':').append(place(origin));
        }
        line.append("] ");
        SafeText.append(line, message);
        return line.append('\n').toString();
    }

    /** What a machine's owner is to know the service says by itself; this is for those who look for more. */
    private void toService(LogLevel level, String message) {
        SERVICE.debug("vm {}: {}: {}", id, level, message);
    }

    private static StackWalker.@Nullable StackFrame caller() {
        return STACK.walk(frames -> frames.filter(frame -> !frame.getClassName().equals(OWN_NAME))
                .findFirst()
                .orElse(null));
    }

    private static String place(StackWalker.@Nullable StackFrame origin) {
        if (origin == null) {
            return "?:0";
        }
        String type = origin.getClassName();
        return type.substring(0, type.lastIndexOf('.') + 1).replace('.', '/')
                + origin.getFileName()
                + ':'
                + origin.getLineNumber();
    }

    /** ISO 8601 with all digits. Java's formatters take longer to load than a machine to be made. */
    private static void appendTime(StringBuilder line, LocalDateTime time) {
        appendDigits(line, time.getYear(), 4).append('-');
        appendDigits(line, time.getMonthValue(), 2).append('-');
        appendDigits(line, time.getDayOfMonth(), 2).append('T');
        appendDigits(line, time.getHour(), 2).append(':');
        appendDigits(line, time.getMinute(), 2).append(':');
        appendDigits(line, time.getSecond(), 2).append('.');
        appendDigits(line, time.getNano(), 9);
    }

    private static StringBuilder appendDigits(StringBuilder line, int number, int width) {
        String digits = Integer.toString(number);
        return line.repeat('0', Math.max(0, width - digits.length())).append(digits);
    }

    @Override
    public synchronized void close() {
        LineSink now = sink;
        if (now != null) {
            now.close();
        }
    }
}
