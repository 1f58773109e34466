package dev.lull.device.virtio.vsock;

import dev.lull.device.virtio.VirtioContext;
import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.Iovec;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.LinuxException;
import dev.lull.linux.UnixSocket;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/** All streams of an active device: those with packets for the guest in turn, and no more than a bound in all. */
final class VsockStreams implements HostHandshake.Result {
    /** The most streams, half-made and half-ended ones among them; each may cost a buffer. */
    static final int MAX_STREAMS = 1024;

    /** Ports of the host's end of streams the host asked for begin here. */
    private static final int FIRST_HOST_PORT = 1 << 30;

    private final Path path;
    private final VirtioContext context;
    private final VsockStats stats;
    private final Runnable packetsReady;
    private final Long2ObjectHashMap<VsockConnection> byPorts = new Long2ObjectHashMap<>();
    private final Set<HostHandshake> handshakes = new HashSet<>();
    private final Set<VsockConnection> lingering = new HashSet<>();
    private final ArrayDeque<ByteRing> rings = new ArrayDeque<>();
    private final Iovec scratch = new Iovec(Iovec.MAX_PIECES);
    private @Nullable VsockConnection firstReady;
    private @Nullable VsockConnection lastReady;
    private int nextHostPort = FIRST_HOST_PORT;

    /** @param packetsReady runs when there may be packets for the guest where there were none */
    VsockStreams(Path path, VirtioContext context, VsockStats stats, Runnable packetsReady) {
        this.path = path;
        this.context = context;
        this.stats = stats;
        this.packetsReady = packetsReady;
    }

    static long key(int hostPort, int guestPort) {
        return ((long) hostPort << 32) | Integer.toUnsignedLong(guestPort);
    }

    static int hostPort(long key) {
        return (int) (key >>> 32);
    }

    static int guestPort(long key) {
        return (int) key;
    }

    /** The stream between two ports. */
    @Nullable
    VsockConnection find(int hostPort, int guestPort) {
        return byPorts.get(key(hostPort, guestPort));
    }

    /**
     * Connects the guest to the program that listens for it.
     *
     * @return false if there is none, or there are too many streams
     */
    boolean connect(VsockHeader request) {
        if (isFull()) {
            return false;
        }
        try {
            Fd socket = UnixSocket.connect(path + "_" + Integer.toUnsignedString(request.destinationPort()));
            add(VsockConnection.accepted(this, socket, request));
            return true;
        } catch (LinuxException e) {
            // Nobody listens there: the guest is told so, and that is all there is to it.
            return false;
        }
    }

    /** Takes in programs that have connected to {@code listener}. */
    void accept(VsockListener listener) {
        int number = UnixSocket.accept(listener.socket());
        while (number >= 0) {
            Fd socket = new Fd(number, path.toString());
            if (isFull()) {
                VsockStats.count(stats.refused);
                socket.close();
            } else {
                HostHandshake handshake = new HostHandshake(socket, this);
                handshakes.add(handshake);
                context.watch(socket, LinuxConstants.EPOLLIN, handshake);
            }
            number = UnixSocket.accept(listener.socket());
        }
        if (number != -Errno.EAGAIN) {
            VsockStats.count(stats.refused);
        }
    }

    @Override
    public void connect(HostHandshake handshake, int port) {
        handshakes.remove(handshake);
        context.unwatch(handshake.socket());
        add(VsockConnection.requested(this, handshake.socket(), freeHostPort(port), port));
        packetsReady.run();
    }

    @Override
    public void refuse(HostHandshake handshake) {
        handshakes.remove(handshake);
        context.unwatch(handshake.socket());
        handshake.socket().close();
        VsockStats.count(stats.refused);
    }

    private int freeHostPort(int guestPort) {
        int port = nextHostPort;
        while (byPorts.containsKey(key(port, guestPort))) {
            port = nextPort(port);
        }
        nextHostPort = nextPort(port);
        return port;
    }

    private static int nextPort(int port) {
        return port == Integer.MAX_VALUE ? FIRST_HOST_PORT : port + 1;
    }

    private boolean isFull() {
        return byPorts.size() + handshakes.size() + lingering.size() >= MAX_STREAMS;
    }

    private void add(VsockConnection connection) {
        byPorts.put(connection.key(), connection);
        VsockStats.count(stats.streams);
        context.watch(connection.socket(), VsockConnection.EVENTS, connection);
        queue(connection);
    }

    /** Ends a stream of which the guest knows no more. */
    void remove(VsockConnection connection) {
        byPorts.remove(connection.key());
        connection.onRemoved();
        if (connection.isLingering()) {
            lingering.add(connection);
        }
    }

    /** A removed stream has nothing more for its socket. */
    void closeSocket(VsockConnection connection) {
        lingering.remove(connection);
        context.unwatch(connection.socket());
        connection.socket().close();
    }

    /** Something has changed for {@code connection}. */
    void progress(VsockConnection connection) {
        if (queue(connection)) {
            packetsReady.run();
        }
    }

    /** Puts {@code connection} in turn, if it has packets for the guest; whether it has. */
    boolean queue(VsockConnection connection) {
        if (!connection.hasPacket()) {
            return false;
        }
        if (!connection.isQueued) {
            connection.isQueued = true;
            if (lastReady == null) {
                firstReady = connection;
            } else {
                lastReady.nextReady = connection;
            }
            lastReady = connection;
        }
        return true;
    }

    /** Whether a stream may have packets for the guest. */
    boolean hasReady() {
        return firstReady != null;
    }

    /** The stream whose turn it is; it is in no turn any more. */
    @Nullable
    VsockConnection takeReady() {
        VsockConnection connection = firstReady;
        if (connection != null) {
            firstReady = connection.nextReady;
            lastReady = firstReady == null ? null : lastReady;
            connection.nextReady = null;
            connection.isQueued = false;
        }
        return connection;
    }

    /** For one system call of one stream. */
    Iovec scratch() {
        return scratch;
    }

    ByteRing takeRing() {
        ByteRing ring = rings.poll();
        return ring == null ? new ByteRing(VsockConnection.BUFFER_BYTES) : ring;
    }

    void giveRing(ByteRing ring) {
        rings.push(ring);
    }

    /** Ends all streams at once: the guest has reset the device. */
    void close() {
        List<Fd> sockets = new ArrayList<>();
        handshakes.forEach(handshake -> sockets.add(handshake.socket()));
        lingering.forEach(connection -> sockets.add(connection.socket()));
        byPorts.values().forEach(connection -> sockets.add(connection.socket()));
        for (Fd socket : sockets) {
            context.unwatch(socket);
            socket.close();
        }
        handshakes.clear();
        lingering.clear();
        byPorts.clear();
        firstReady = null;
        lastReady = null;
    }
}
