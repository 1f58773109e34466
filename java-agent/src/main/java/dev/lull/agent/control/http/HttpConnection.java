package dev.lull.agent.control.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client: reads a request, has it answered, reads the next. While a request is with the handler nothing is read, so
 * answers are in order and a client in a hurry waits in its own socket. All but {@link #execute} is the event loop's.
 */
// What fails on a connection ends it, and is heard of by that.
@SuppressWarnings("FutureReturnValueIgnored")
final class HttpConnection extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);
    private static final int REQUEST_TIMEOUT = 408;
    private static final int INTERNAL_SERVER_ERROR = 500;

    private enum State {
        /** Between requests. */
        IDLE,
        /** A part of a request has come. */
        RECEIVING,
        /** The handler has it. */
        HANDLING,
        /** The answer is on its way. */
        ANSWERING,
        /** The answer comes piece by piece. */
        STREAMING,
        /** Whatever comes is dropped. */
        ENDED
    }

    private final Channel channel;
    private final HttpLimits limits;
    private final HttpHandler handler;
    private final Consumer<Throwable> faults;
    private final RequestDecoder decoder = new RequestDecoder();
    private final RequestAssembly assembly;
    private final Deadline deadline;
    private State state = State.IDLE;
    private boolean lastRequest;
    private boolean bodyWanted;
    private boolean chunksUnderstood;

    /** @param faults takes what can only be a fault of Lull's own, for which the connection ends */
    HttpConnection(Channel channel, HttpLimits limits, HttpHandler handler, Peer peer, Consumer<Throwable> faults) {
        this.channel = channel;
        this.limits = limits;
        this.handler = handler;
        this.faults = faults;
        this.assembly = new RequestAssembly(limits.maxBodyBytes(), peer);
        this.deadline = new Deadline(channel, this::expired);
    }

    /** Takes its place in the channel's pipeline. */
    void install() {
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.addLast(decoder, new HttpResponseEncoder(), this);
    }

    /** Runs {@code task} on the event loop, at once if this is it. */
    void execute(Runnable task) {
        if (channel.eventLoop().inEventLoop()) {
            task.run();
        } else {
            channel.eventLoop().execute(task);
        }
    }

    ChannelStream newStream() {
        return new ChannelStream(channel);
    }

    /** Ends the connection: now if nothing is under way, and otherwise after the answer. A stream has no end to wait for. */
    void closeSoon() {
        if (state == State.HANDLING || state == State.ANSWERING) {
            lastRequest = true;
        } else if (state != State.ENDED) {
            channel.close();
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        deadline.in(limits.idleTimeout());
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        try {
            if (state != State.ENDED) {
                HttpResponse refusal = take(message);
                if (refusal != null) {
                    refuse(refusal);
                } else if (message instanceof LastHttpContent) {
                    handle(assembly.end());
                }
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private @Nullable HttpResponse take(Object message) {
        if (message instanceof io.netty.handler.codec.http.HttpRequest head) {
            HttpResponse refusal = assembly.begin(head);
            if (refusal != null) {
                return refusal;
            }
            lastRequest = !HttpUtil.isKeepAlive(head);
            bodyWanted = !head.method().equals(HttpMethod.HEAD);
            chunksUnderstood = head.protocolVersion().minorVersion() > 0;
            if (HttpUtil.is100ContinueExpected(head)) {
                channel.writeAndFlush(ResponseParts.sendOn());
            }
        }
        if (message instanceof HttpContent content) {
            if (content.decoderResult().isFailure()) {
                return RequestAssembly.malformed(content.decoderResult().cause());
            }
            return assembly.add(content.content());
        }
        return null;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (state == State.IDLE && (assembly.isUnderWay() || decoder.holdsBytes())) {
            state = State.RECEIVING;
            deadline.in(limits.requestTimeout());
        }
    }

    private void handle(HttpRequest request) {
        state = State.HANDLING;
        deadline.never();
        decoder.pause();
        channel.config().setAutoRead(false);
        Exchange exchange = new Exchange(this);
        try {
            handler.handle(request, exchange);
        } catch (RuntimeException | Error e) {
            LOG.error("{} {} failed", request.method(), request.path(), e);
            // If it is answered, there is nothing more to say.
            exchange.tryRespond(HttpResponse.fault(INTERNAL_SERVER_ERROR, "A fault of Lull's own; its log says more."));
        }
    }

    /** Sends the answer to the request that is with the handler, unless the client has gone. */
    void answer(HttpResponse response) {
        if (state != State.HANDLING) {
            return;
        }
        state = State.ANSWERING;
        deadline.in(limits.requestTimeout());
        channel.writeAndFlush(ResponseParts.whole(response, bodyWanted, lastRequest))
                .addListener(sent -> {
                    if (sent.isSuccess()) {
                        answered();
                    } else {
                        channel.close();
                    }
                });
    }

    private void answered() throws Exception {
        if (lastRequest) {
            channel.close();
            return;
        }
        state = State.IDLE;
        deadline.in(limits.idleTimeout());
        channel.config().setAutoRead(true);
        decoder.resume(channel.pipeline().context(decoder));
    }

    /** Begins an answer that comes piece by piece. What the client sends from now on ends it. */
    void startStream(String contentType) {
        if (state != State.HANDLING) {
            return;
        }
        state = State.STREAMING;
        channel.pipeline().addFirst(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                ReferenceCountUtil.release(message);
                context.close();
            }
        });
        channel.writeAndFlush(ResponseParts.streamHead(contentType, chunksUnderstood));
        // Its end is seen by reading.
        channel.config().setAutoRead(true);
    }

    private void refuse(HttpResponse response) {
        end();
        Farewell.say(channel, ResponseParts.whole(response, true, true));
    }

    private void expired() {
        if (state == State.RECEIVING) {
            refuse(HttpResponse.fault(REQUEST_TIMEOUT, "The request did not come to its end in time."));
        } else {
            channel.close();
        }
    }

    private void end() {
        state = State.ENDED;
        deadline.never();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        end();
        deadline.cancel();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // Clients that vanish are no news.
        if (!(cause instanceof IOException)) {
            faults.accept(cause);
        }
        channel.close();
    }
}
