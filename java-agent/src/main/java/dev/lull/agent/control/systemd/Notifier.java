package dev.lull.agent.control.systemd;

import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxException;
import dev.lull.linux.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the service manager how the service is, sd_notify(3); to nobody if none listens. For any thread. */
public final class Notifier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);

    /** How long a message that matters waits for a manager that is busy: 100 times 10 ms. */
    private static final int ATTEMPTS = 100;

    private static final int ATTEMPT_MILLIS = 10;

    private final @Nullable Fd socket;

    private Notifier(@Nullable Fd socket) {
        this.socket = socket;
    }

    /** Connects to the manager of {@code environment}, if it has one; if that fails, a line in the log says so. */
    public static Notifier connect(ServiceEnvironment environment) {
        String address = environment.notifySocket();
        if (address == null) {
            return new Notifier(null);
        }
        try {
            if (!address.startsWith("/") && !address.startsWith("@")) {
                throw new LinuxException("connect", address, Errno.EOPNOTSUPP);
            }
            return new Notifier(UnixSocket.connectDatagram(address));
        } catch (LinuxException e) {
            LOG.warn("The service manager is told nothing: {} (NOTIFY_SOCKET)", e.getMessage());
            return new Notifier(null);
        }
    }

    /** The service serves. */
    public void ready() {
        say("READY=1", ATTEMPTS);
    }

    /** The service is ending. */
    public void stopping() {
        say("STOPPING=1", ATTEMPTS);
    }

    /** What the service is about, for {@code systemctl status}: one line. */
    public void status(String text) {
        StringBuilder line = new StringBuilder("STATUS=");
        text.chars().forEach(c -> line.append(Character.isISOControl(c) ? ' ' : (char) c));
        say(line.toString(), 1);
    }

    /** A sign of life. One that finds the manager's socket full is left out: it has others to read. */
    void alive() {
        say("WATCHDOG=1", 1);
    }

    private void say(String message, int attempts) {
        if (socket == null) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, message.getBytes(StandardCharsets.UTF_8));
            long result = socket.write(bytes);
            for (int i = 1; i < attempts && result == -Errno.EAGAIN; i++) {
                TimeUnit.MILLISECONDS.sleep(ATTEMPT_MILLIS);
                result = socket.write(bytes);
            }
            if (result < 0) {
                LOG.warn("The service manager did not hear {}: {}", message, Errno.name((int) -result));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Nobody may be saying anything any more. */
    @Override
    public void close() {
        if (socket != null) {
            socket.close();
        }
    }
}
