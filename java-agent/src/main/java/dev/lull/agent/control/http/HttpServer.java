package dev.lull.agent.control.http;

import dev.lull.linux.PeerCredentials;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An HTTP/1.1 server on a Unix socket. */
// What fails on a connection ends it, and is heard of by that.
@SuppressWarnings("FutureReturnValueIgnored")
public final class HttpServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
    private static final int READ_BYTES = 8192;

    /** What a client hears that is one too many; Firecracker's words. */
    private static final byte[] FULL = fullAnswer();

    private final HttpLoop loop;
    private final HttpLimits limits;
    private final HttpHandler handler;
    private final ServerSocketChannel channel;
    private final @Nullable SocketFile file;
    private final Acceptor acceptor;

    // For the loop.
    private final Map<Channel, HttpConnection> connections = new HashMap<>();
    private int refused;

    private HttpServer(
            HttpLoop loop,
            ServerSocketChannel channel,
            @Nullable SocketFile file,
            HttpLimits limits,
            HttpHandler handler) {
        this.loop = loop;
        this.channel = channel;
        this.file = file;
        this.limits = limits;
        this.handler = handler;
        this.acceptor = new Acceptor(loop, channel, this::accepted);
    }

    /** As {@link #listen(HttpLoop, Path, int, String, HttpLimits, HttpHandler)}, with this process's group. */
    public static HttpServer listen(HttpLoop loop, Path socket, int mode, HttpLimits limits, HttpHandler handler) {
        return listen(loop, socket, mode, null, limits, handler);
    }

    /**
     * Serves at {@code socket}; when this returns, clients may connect. The file of a server that has died is replaced.
     *
     * @param mode of the file, for example {@code 0660}; who may write may connect
     * @param group of the file; null for this process's, which it also gets, with a warning, if there is no such group
     * @throws ListenException if it cannot, with a line for the user
     */
    public static HttpServer listen(
            HttpLoop loop, Path socket, int mode, @Nullable String group, HttpLimits limits, HttpHandler handler) {
        SocketFile file = SocketFile.create(socket, mode, group);
        return new HttpServer(loop, file.channel(), file, limits, handler).start();
    }

    /** Serves a socket that listens already. Neither its file nor the channel is touched at the end: they are someone else's. */
    public static HttpServer on(HttpLoop loop, ServerSocketChannel inherited, HttpLimits limits, HttpHandler handler) {
        return new HttpServer(loop, inherited, null, limits, handler).start();
    }

    private HttpServer start() {
        try {
            loop.await(acceptor::start);
            return this;
        } catch (RuntimeException e) {
            giveBack();
            throw e;
        }
    }

    /**
     * Takes no more connections and removes the file, before it returns. Idle connections and streams end now, others after
     * the answer that is under way. From any thread; more than once is no error.
     */
    @Override
    public void close() {
        try {
            loop.await(() -> {
                acceptor.stop();
                giveBack();
                List.copyOf(connections.values()).forEach(HttpConnection::closeSoon);
            });
        } catch (RejectedExecutionException e) {
            // The loop has ended, and with it the connections.
            giveBack();
        }
    }

    private void giveBack() {
        if (file != null && channel.isOpen()) {
            file.remove();
            closeQuietly(channel);
        }
    }

    private void accepted(SocketChannel client) {
        try {
            if (connections.size() < limits.maxConnections()) {
                serve(client);
            } else if (refused < limits.maxConnections()) {
                refuse(client);
            } else {
                client.configureBlocking(false);
                client.write(ByteBuffer.wrap(FULL));
                client.close();
            }
        } catch (IOException | RuntimeException e) {
            // It has gone already.
            closeQuietly(client);
        }
    }

    private void serve(SocketChannel client) {
        PeerCredentials credentials = PeerCredentials.of(client);
        Peer peer =
                credentials == null ? Peer.UNKNOWN : new Peer(credentials.pid(), credentials.uid(), credentials.gid());
        Channel connected = channel(client);
        HttpConnection connection = new HttpConnection(connected, limits, handler, peer, HttpServer::report);
        connection.install();
        connections.put(connected, connection);
        connected.closeFuture().addListener(closed -> connections.remove(connected));
        loop.register(connected);
    }

    private static void report(Throwable fault) {
        LOG.error("A connection is cut off for a fault of Lull's own", fault);
    }

    private void refuse(SocketChannel client) {
        Channel connected = channel(client);
        refused++;
        connected.closeFuture().addListener(closed -> refused--);
        loop.register(connected).addListener(registered -> {
            if (registered.isSuccess()) {
                Farewell.say(connected, Unpooled.wrappedBuffer(FULL));
            }
        });
    }

    private static Channel channel(SocketChannel client) {
        Channel channel = new NioDomainSocketChannel(null, client);
        ChannelConfig config = channel.config();
        config.setRecvByteBufAllocator(new FixedRecvByteBufAllocator(READ_BYTES));
        return channel;
    }

    private static void closeQuietly(SelectableChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // There is nobody to tell.
        }
    }

    private static byte[] fullAnswer() {
        HttpResponse response = HttpResponse.error(503, "Too many open connections");
        String head = "HTTP/1.1 503 Service Unavailable\r\nServer: Lull\r\nConnection: close\r\nContent-Type: "
                + response.contentType() + "\r\nContent-Length: " + response.body().length + "\r\n\r\n";
        return (head + new String(response.body(), StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
    }
}
