package dev.lull.agent.control.log;

import java.util.Locale;
import org.slf4j.event.Level;

/** How much is logged, or how important a line is. */
public enum LogLevel {
    /** Nothing is; of no line. */
    OFF(3),
    ERROR(3),
    WARN(4),
    INFO(6),
    DEBUG(7),
    TRACE(7);

    private final int priority;

    LogLevel(int priority) {
        this.priority = priority;
    }

    /** A level by its name, in whatever case; {@code warning} is one too. */
    public static LogLevel of(String name) {
        String upper = name.toUpperCase(Locale.ROOT);
        return upper.equals("WARNING") ? WARN : valueOf(upper);
    }

    static LogLevel of(Level level) {
        return valueOf(level.name());
    }

    /** Whether a line of level {@code line} is logged at this one. */
    boolean admits(LogLevel line) {
        return line.compareTo(this) <= 0;
    }

    /** As syslog(3) numbers them, sd-daemon(3). */
    int priority() {
        return priority;
    }
}
