package dev.lull.agent.control.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import java.util.List;

/**
 * Takes requests out of the bytes one at a time: paused after one, it leaves what follows undecoded, so that a client that
 * sends many at once costs no more than the bytes of one read.
 */
final class RequestDecoder extends HttpRequestDecoder {
    private boolean paused;
    private boolean decoding;

    RequestDecoder() {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(HttpLimits.MAX_REQUEST_LINE_BYTES)
                .setMaxHeaderSize(HttpLimits.MAX_HEADER_BYTES));
    }

    /** Decodes nothing until {@link #resume}. */
    void pause() {
        paused = true;
    }

    /** Goes on with what has been read already. */
    void resume(ChannelHandlerContext context) throws Exception {
        paused = false;
        // Called from within a request's handling, the loop that decoded it goes on by itself.
        if (!decoding && holdsBytes()) {
            channelRead(context, Unpooled.EMPTY_BUFFER);
        }
    }

    /** Whether there are bytes of a request that is not decoded. */
    boolean holdsBytes() {
        return internalBuffer().isReadable();
    }

    @Override
    protected void callDecode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        boolean outermost = !decoding;
        decoding = true;
        try {
            super.callDecode(context, in, out);
        } finally {
            decoding = !outermost;
        }
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        if (!paused) {
            super.decode(context, in, out);
        }
    }
}
