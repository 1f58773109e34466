package dev.lull.agent.control.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/**
 * The end of a connection whose client may still be sending. Closed at once, it would break that client's writing, and few
 * clients read an answer after that. So the answer goes out, no more is written, and what comes is dropped until the client
 * closes, for a second at most.
 */
// What fails on a connection ends it, and is heard of by that.
@SuppressWarnings("FutureReturnValueIgnored")
final class Farewell extends ChannelInboundHandlerAdapter {
    private static final long PATIENCE_MILLIS = 1000;

    private Farewell() {}

    /** Sends {@code lastWords} and ends. Whatever else the pipeline does with what comes in, it gets none of it. */
    static void say(Channel channel, Object lastWords) {
        channel.pipeline().addFirst(new Farewell());
        channel.config().setAutoRead(true);
        channel.writeAndFlush(lastWords).addListener(sent -> {
            if (sent.isSuccess() && channel instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
            } else {
                channel.close();
            }
        });
        var deadline = channel.eventLoop().schedule(() -> channel.close(), PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(closed -> deadline.cancel(false));
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
