package dev.lull.agent.control.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** The rest of an answer on a connection. */
// What fails on a connection ends it, and is heard of by that.
@SuppressWarnings("FutureReturnValueIgnored")
final class ChannelStream implements EventStream {
    private final Channel channel;
    private final AtomicInteger pendingBytes = new AtomicInteger();
    private final AtomicBoolean ended = new AtomicBoolean();

    ChannelStream(Channel channel) {
        this.channel = channel;
    }

    @Override
    public boolean send(byte[] bytes) {
        if (ended.get() || !channel.isActive()) {
            return false;
        }
        if (pendingBytes.addAndGet(bytes.length) > MAX_PENDING_BYTES) {
            ended.set(true);
            channel.close();
            return false;
        }
        channel.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(bytes)))
                .addListener(written -> pendingBytes.addAndGet(-bytes.length));
        return true;
    }

    @Override
    public void close() {
        if (!ended.getAndSet(true)) {
            channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void onClosed(Runnable task) {
        channel.closeFuture().addListener(closed -> task.run());
    }
}
