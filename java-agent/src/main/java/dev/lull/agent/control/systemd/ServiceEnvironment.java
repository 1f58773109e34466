package dev.lull.agent.control.systemd;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What a service manager says in the environment to the process it started.
 *
 * @param notifySocket where it listens, a path or {@code @} and an abstract name; null if it does not
 * @param watchdogTimeout how soon after a sign of life it wants the next; null if it wants none
 * @param listenFds how many listening sockets it passed, from descriptor {@link #FIRST_LISTEN_FD} on
 */
public record ServiceEnvironment(
        @Nullable String notifySocket, @Nullable Duration watchdogTimeout, int listenFds) {
    /** {@code SD_LISTEN_FDS_START}. */
    public static final int FIRST_LISTEN_FD = 3;

    private static final AtomicBoolean TAKEN = new AtomicBoolean();

    /** This process's, once: descriptors have one owner, and a service one voice. What comes later finds nothing. */
    public static ServiceEnvironment take() {
        return of(
                TAKEN.getAndSet(true) ? Map.of() : System.getenv(),
                ProcessHandle.current().pid());
    }

    /** As {@code environment} has it for process {@code pid}; what was meant for another, or is no number, does not count. */
    static ServiceEnvironment of(Map<String, String> environment, long pid) {
        String socket = environment.get("NOTIFY_SOCKET");
        long watchdogMicros = number(environment.get("WATCHDOG_USEC"));
        boolean ownWatchdog =
                !environment.containsKey("WATCHDOG_PID") || number(environment.get("WATCHDOG_PID")) == pid;
        boolean ownSockets = number(environment.get("LISTEN_PID")) == pid;
        return new ServiceEnvironment(
                socket == null || socket.isEmpty() ? null : socket,
                watchdogMicros > 0 && ownWatchdog ? Duration.of(watchdogMicros, ChronoUnit.MICROS) : null,
                ownSockets ? Math.clamp(number(environment.get("LISTEN_FDS")), 0, Integer.MAX_VALUE) : 0);
    }

    private static long number(@Nullable String text) {
        try {
            return text == null ? 0 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
