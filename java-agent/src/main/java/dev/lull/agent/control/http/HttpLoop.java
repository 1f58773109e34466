package dev.lull.agent.control.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one thread all servers of a process share, hundreds of them at times, and whatever else must not wait for anything. It
 * sleeps while there is nothing to do.
 */
public final class HttpLoop implements AutoCloseable {
    /** Something that will run. */
    @FunctionalInterface
    public interface Timer {
        /** It will not, any more. */
        void cancel();
    }

    /** What may fail. */
    @FunctionalInterface
    public interface Task {
        /** Does it. */
        void run() throws Exception;
    }

    private static final long CLOSE_PATIENCE_SECONDS = 2;

    static {
        // A few small requests a second are no use for pools of buffers, nor for an id made of this machine's MAC
        // addresses, whose making lists all network interfaces.
        setDefault("io.netty.allocator.type", "unpooled");
        setDefault("io.netty.noPreferDirect", "true");
        setDefault("io.netty.noKeySetOptimization", "true");
        setDefault("io.netty.processId", "1");
        setDefault("io.netty.machineId", "00:00:00:00:00:00");
    }

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(
            1,
            (ThreadFactory)
                    task -> Thread.ofPlatform().daemon().name("lull-http").unstarted(task),
            NioIoHandler.newFactory());
    private final IoEventLoop loop = group.next();

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /** As Netty knows it, for servers that speak something else. */
    public IoEventLoop netty() {
        return loop;
    }

    /** Has {@code channel} served by the loop. */
    public ChannelFuture register(Channel channel) {
        EventLoop anyLoop = loop;
        return anyLoop.register(channel);
    }

    /** Whether this is the calling thread. */
    public boolean isCurrent() {
        return loop.inEventLoop();
    }

    /** Has {@code task} run on the loop, soon and in order; from any thread. What it throws is logged. */
    public void execute(Runnable task) {
        loop.execute(task);
    }

    /**
     * Runs {@code task} on the loop and waits until it has; from any thread, the loop's too.
     *
     * @throws java.util.concurrent.CompletionException with what it throws
     */
    public void await(Task task) {
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        Runnable run = () -> {
            try {
                task.run();
                done.complete(null);
            } catch (Exception | Error e) {
                done.completeExceptionally(e);
            }
        };
        if (isCurrent()) {
            run.run();
        } else {
            execute(run);
        }
        done.join();
    }

    /** Has {@code task} run on the loop after {@code delay}, unless it is cancelled before. */
    public Timer after(Duration delay, Runnable task) {
        return timer(loop.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS));
    }

    /** Has {@code task} run on the loop time and again, until it is cancelled or throws. */
    public Timer every(Duration period, Runnable task) {
        return timer(loop.scheduleAtFixedRate(task, period.toNanos(), period.toNanos(), TimeUnit.NANOSECONDS));
    }

    private static Timer timer(Future<?> scheduled) {
        return () -> scheduled.cancel(false);
    }

    /** Ends the thread; connections that are still open are cut. Close the servers before. */
    @Override
    public void close() {
        var ended = group.shutdownGracefully(0, CLOSE_PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (!isCurrent()) {
            ended.awaitUninterruptibly();
        }
    }
}
