package dev.lull.agent.control.daemon;

import dev.lull.agent.control.http.Acceptor;
import dev.lull.agent.control.http.HttpLoop;
import dev.lull.agent.control.http.SocketFile;
import dev.lull.agent.machine.Machine;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A guest's console as a Unix socket of bytes: who connects gets the last of what the guest said, then what it says, and is
 * heard by it. Any number may look on.
 */
final class ConsoleServer implements AutoCloseable {
    private static final int MODE = 0660;
    private static final int MAX_WATCHERS = 16;
    private static final Duration GATHER = Duration.ofMillis(5);

    private final HttpLoop loop;
    private final Supplier<@Nullable Machine> machine;
    private final Executor executor;
    private final ConsoleRing ring = new ConsoleRing(this::more);
    private final List<Watcher> watchers = new ArrayList<>();
    private @Nullable Acceptor acceptor;
    private @Nullable SocketFile file;

    /**
     * @param machine that runs, or null
     * @param executor where a guest that does not read is waited for
     */
    ConsoleServer(HttpLoop loop, Supplier<@Nullable Machine> machine, Executor executor) {
        this.loop = loop;
        this.machine = machine;
        this.executor = executor;
    }

    /** Takes what the guest says. */
    ConsoleRing ring() {
        return ring;
    }

    /** Begins to listen; whoever may use the machine's other sockets may use this. */
    void listen(Path path) {
        SocketFile made = SocketFile.create(path, MODE, null);
        Acceptor started = new Acceptor(loop, made.channel(), this::accepted);
        file = made;
        acceptor = started;
        loop.await(started::start);
    }

    @Override
    public void close() {
        loop.await(() -> {
            if (acceptor != null && file != null) {
                acceptor.stop();
                file.remove();
                file.channel().close();
            }
            List.copyOf(watchers).forEach(Watcher::close);
        });
    }

    private void accepted(SocketChannel client) {
        Channel channel = new NioDomainSocketChannel(null, client);
        channel.config().setAutoRead(false);
        channel.pipeline().addLast(new Watcher(channel));
        ChannelFuture _ = loop.register(channel);
    }

    /** On a vCPU's thread. What comes within a moment is sent at once. */
    private void more() {
        loop.after(GATHER, () -> {
            if (watchers.isEmpty()) {
                ring.read(ring.endPosition());
            }
            watchers.forEach(Watcher::send);
        });
    }

    /** One who looks on; on the loop. */
    private final class Watcher extends ChannelInboundHandlerAdapter {
        private final Channel channel;
        private long position;

        Watcher(Channel channel) {
            this.channel = channel;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            if (watchers.size() >= MAX_WATCHERS) {
                ChannelFuture _ = context.close();
                return;
            }
            position = ring.startPosition();
            watchers.add(this);
            send();
            context.read();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            watchers.remove(this);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            send();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            ChannelFuture _ = context.close();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf buffer = (ByteBuf) message;
            byte[] bytes = new byte[buffer.readableBytes()];
            buffer.readBytes(bytes);
            buffer.release();
            Machine running = machine.get();
            if (running == null) {
                context.read();
                return;
            }
            executor.execute(() -> {
                try {
                    running.console().receive(bytes, 0, bytes.length);
                    channel.read();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }

        void close() {
            ChannelFuture _ = channel.close();
        }

        void send() {
            if (channel.isWritable()) {
                byte[] bytes = ring.read(position);
                position = ring.endPosition();
                if (bytes.length > 0) {
                    ChannelFuture _ = channel.writeAndFlush(Unpooled.wrappedBuffer(bytes));
                }
            }
        }
    }
}
