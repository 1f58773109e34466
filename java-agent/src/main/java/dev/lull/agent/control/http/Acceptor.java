package dev.lull.agent.control.http;

import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoOps;
import io.netty.channel.nio.NioSelectableChannelIoHandle;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes connections off a listening socket. Netty's own server channel would do, but it deletes the socket's file when it
 * closes, whoever made that.
 */
public final class Acceptor extends NioSelectableChannelIoHandle<ServerSocketChannel> {
    private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);
    private static final int ACCEPTED_AT_ONCE = 16;

    /** How long to leave clients waiting when this process has no more descriptors. */
    private static final Duration RECOVERY = Duration.ofMillis(100);

    private final HttpLoop loop;
    private final Consumer<SocketChannel> clients;
    private @Nullable IoRegistration registration;
    private boolean recovering;

    /**
     * Of a socket that listens.
     *
     * @param clients takes each connection, on the loop
     */
    public Acceptor(HttpLoop loop, ServerSocketChannel channel, Consumer<SocketChannel> clients) {
        super(channel);
        this.loop = loop;
        this.clients = clients;
    }

    /** Begins; on the loop. */
    public void start() throws IOException {
        selectableChannel().configureBlocking(false);
        registration = loop.netty().register(this).syncUninterruptibly().getNow();
        accept(true);
    }

    /** Takes no more; on the loop. The channel stays open. */
    public void stop() {
        if (registration != null) {
            registration.cancel();
            registration = null;
        }
    }

    private void accept(boolean on) {
        if (registration != null) {
            registration.submit(on ? NioIoOps.ACCEPT : NioIoOps.NONE);
        }
    }

    @Override
    protected void handle(ServerSocketChannel channel, SelectionKey key) {
        try {
            for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
                SocketChannel client = channel.accept();
                if (client == null) {
                    break;
                }
                clients.accept(client);
            }
            recovering = false;
        } catch (IOException | RuntimeException | Error e) {
            // Without a descriptor even a class may not be found. Thrown on, that would end the loop of all servers.
            recover(e);
        }
    }

    private void recover(Throwable cause) {
        accept(false);
        loop.after(RECOVERY, () -> accept(true));
        if (!recovering) {
            recovering = true;
            LOG.warn("No connection can be accepted, they wait: {}", cause.getMessage());
        }
    }

    /** Whoever opened the channel closes it. */
    @Override
    public void close() {
        stop();
    }
}
