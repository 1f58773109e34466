package dev.lull.agent.control.log;

import java.io.Serial;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/** A logger of the service's log. */
final class ServiceLogger extends LegacyAbstractLogger {
    @Serial
    private static final long serialVersionUID = 1L;

    private final transient ServiceLog log;
    private transient volatile LogLevel level;

    ServiceLogger(String name, ServiceLog log, LogLevel level) {
        this.name = name;
        this.log = log;
        this.level = level;
    }

    void setLevel(LogLevel newLevel) {
        level = newLevel;
    }

    @Override
    public boolean isErrorEnabled() {
        return level.admits(LogLevel.ERROR);
    }

    @Override
    public boolean isWarnEnabled() {
        return level.admits(LogLevel.WARN);
    }

    @Override
    public boolean isInfoEnabled() {
        return level.admits(LogLevel.INFO);
    }

    @Override
    public boolean isDebugEnabled() {
        return level.admits(LogLevel.DEBUG);
    }

    @Override
    public boolean isTraceEnabled() {
        return level.admits(LogLevel.TRACE);
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level lineLevel,
            @Nullable Marker marker,
            String pattern,
            @Nullable Object @Nullable [] arguments,
            @Nullable Throwable fault) {
        String message = MessageFormatter.basicArrayFormat(pattern, arguments);
        log.write(LogLevel.of(lineLevel), name, Objects.requireNonNullElse(message, "null"), fault);
    }
}
