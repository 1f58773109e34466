package dev.lull.agent.control.systemd;

import dev.lull.agent.control.http.HttpLoop;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Signs of life for the service manager, twice in the time it allows. They come from the event loop itself: if that stands
 * still, so do they, and the manager starts the service anew.
 */
public final class Watchdog implements AutoCloseable {
    private final HttpLoop.@Nullable Timer signs;

    private Watchdog(HttpLoop.@Nullable Timer signs) {
        this.signs = signs;
    }

    /** Begins, if the manager of {@code environment} wants it. */
    public static Watchdog start(ServiceEnvironment environment, Notifier notifier, HttpLoop loop) {
        Duration timeout = environment.watchdogTimeout();
        return new Watchdog(timeout == null ? null : loop.every(timeout.dividedBy(2), notifier::alive));
    }

    @Override
    public void close() {
        if (signs != null) {
            signs.cancel();
        }
    }
}
