package dev.lull.agent.control.daemon;

import dev.lull.agent.control.http.EventStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log, and whoever listens, what becomes of the virtual machines. */
final class Events {
    private static final Logger LOG = LoggerFactory.getLogger("vm");
    private static final byte[] STILL_HERE = ":\n\n".getBytes(StandardCharsets.UTF_8);

    private final List<EventStream> listeners = new CopyOnWriteArrayList<>();

    /** Sends {@code stream} all that happens from now on. */
    void listen(EventStream stream) {
        stream.onClosed(() -> listeners.remove(stream));
        listeners.add(stream);
        stream.send(STILL_HERE);
    }

    /** Something happened. */
    void publish(String vm, Event.Type type, @Nullable String message) {
        if (type == Event.Type.WARNING) {
            LOG.warn("{}: {}", vm, message);
        } else if (message == null) {
            LOG.info("{}: {}", vm, type.text());
        } else {
            LOG.info("{}: {}: {}", vm, type.text(), message);
        }
        byte[] bytes = new Event(Instant.now(), vm, type, message).toStream();
        listeners.forEach(listener -> listener.send(bytes));
    }

    /** Lets listeners and what is between see that the daemon is there. */
    void beat() {
        listeners.forEach(listener -> listener.send(STILL_HERE));
    }
}
