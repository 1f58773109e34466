package dev.lull.agent.mmds.net;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/** One port, and the connections to it: {@value #MAX_CONNECTIONS} at the most. A further one takes the place of an idle one. */
final class TcpListener {
    static final int MAX_CONNECTIONS = 30;

    /** How long a connection is heard nothing of before another may take its place. */
    static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final RequestServer server;
    private final int port;
    private final NanoClock clock;
    private final RandomGenerator random;
    private final StationEvents events;

    /** Connections in use come first; those behind were, and wait to be used again. */
    private final @Nullable TcpConnection[] connections = new @Nullable TcpConnection[MAX_CONNECTIONS];

    private final ResetQueue resets = new ResetQueue();
    private final TcpSegment outbound;
    private int count;

    /** Whose turn it is to send. */
    private int turn;

    /** @param outbound a segment of the listener's station, for what is sent */
    TcpListener(
            RequestServer server,
            int port,
            NanoClock clock,
            RandomGenerator random,
            StationEvents events,
            TcpSegment outbound) {
        this.server = server;
        this.port = port;
        this.clock = clock;
        this.random = random;
        this.events = events;
        this.outbound = outbound;
    }

    /** Takes a segment whose payload is in {@code frame}. */
    void receive(TcpSegment segment, ByteBuffer frame) {
        int index = indexOf(segment);
        if (index >= 0) {
            TcpConnection connection = at(index);
            switch (connection.receive(segment, frame, clock.nanoTime())) {
                case OPEN -> {}
                case ENDED -> remove(index);
                case ABORTED -> abort(index);
                case REFUSED -> resets.addAnswer(segment, outbound);
            }
        } else if (segment.has(TcpSegment.RST)) {
            // What it ends is not there.
            return;
        } else if (segment.localPort == port && isOpening(segment)) {
            open(segment);
        } else {
            resets.addAnswer(segment, outbound);
        }
    }

    /** Writes the next segment that is due; its frame's length in bytes, 0 if none is. */
    int send(ByteBuffer frame) {
        if (resets.take(outbound)) {
            return outbound.write(frame);
        }
        long now = clock.nanoTime();
        for (int i = 0; i < count; i++) {
            turn = turn + 1 < count ? turn + 1 : 0;
            TcpConnection connection = at(turn);
            if (connection.isLost(now)) {
                events.gaveUp();
                abort(turn);
                return resets.take(outbound) ? outbound.write(frame) : 0;
            }
            int length = connection.send(outbound, frame, now);
            if (length > 0) {
                if (connection.isOver()) {
                    remove(turn);
                }
                return length;
            }
        }
        return 0;
    }

    /** Whether time passes for a connection. */
    boolean isWaiting() {
        for (int i = 0; i < count; i++) {
            if (at(i).isWaiting()) {
                return true;
            }
        }
        return false;
    }

    /** Forgets all connections. */
    void clear() {
        while (count > 0) {
            remove(count - 1);
        }
        resets.clear();
    }

    private static boolean isOpening(TcpSegment segment) {
        return segment.has(TcpSegment.SYN) && !segment.has(TcpSegment.ACK) && !segment.has(TcpSegment.FIN);
    }

    private void open(TcpSegment syn) {
        long now = clock.nanoTime();
        if (count == MAX_CONNECTIONS && !removeIdle(now)) {
            resets.addAnswer(syn, outbound);
            return;
        }
        TcpConnection kept = connections[count];
        TcpConnection connection = kept == null ? new TcpConnection(server, random) : kept;
        connections[count++] = connection;
        connection.open(syn, now);
        events.connectionCreated();
    }

    private boolean removeIdle(long nowNanos) {
        int oldest = 0;
        for (int i = 1; i < count; i++) {
            if (at(i).heardNanos() - at(oldest).heardNanos() < 0) {
                oldest = i;
            }
        }
        if (nowNanos - at(oldest).heardNanos() < IDLE_NANOS) {
            return false;
        }
        abort(oldest);
        return true;
    }

    private void abort(int index) {
        at(index).describeReset(outbound);
        resets.add(outbound);
        remove(index);
    }

    /** The last one in use takes its place. */
    private void remove(int index) {
        TcpConnection removed = at(index);
        removed.clear();
        count--;
        connections[index] = connections[count];
        connections[count] = removed;
        events.connectionDestroyed();
    }

    private int indexOf(TcpSegment segment) {
        for (int i = 0; i < count; i++) {
            if (at(i).isWith(segment)) {
                return i;
            }
        }
        return -1;
    }

    private TcpConnection at(int index) {
        TcpConnection connection = connections[index];
        if (connection == null) {
            throw new IllegalStateException("no connection " + index + " of " + count);
        }
        return connection;
    }
}
