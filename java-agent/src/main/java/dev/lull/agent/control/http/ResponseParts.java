package dev.lull.agent.control.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;

/** Answers as Netty encodes them. */
final class ResponseParts {
    // As Firecracker writes them; not every client takes them for the same in lower case.
    private static final String SERVER = "Server";
    private static final String CONNECTION = "Connection";
    private static final String CONTENT_LENGTH = "Content-Length";
    private static final String CONTENT_TYPE = "Content-Type";
    private static final String NAME = "Lull";

    private ResponseParts() {}

    /** What tells a client to send the body it holds back. */
    static FullHttpResponse sendOn() {
        return new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER);
    }

    /**
     * A whole answer.
     *
     * @param withBody whether the client expects the body that the headers speak of; not so of {@code HEAD}
     * @param last whether the connection ends with it
     */
    static FullHttpResponse whole(HttpResponse response, boolean withBody, boolean last) {
        ByteBuf body = withBody ? Unpooled.wrappedBuffer(response.body()) : Unpooled.EMPTY_BUFFER;
        FullHttpResponse parts =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(response.status()), body);
        HttpHeaders headers = parts.headers();
        response.headers().forEach(headers::set);
        headers.set(SERVER, NAME);
        headers.set(CONNECTION, last ? HttpHeaderValues.CLOSE : HttpHeaderValues.KEEP_ALIVE);
        if (response.status() != HttpResponseStatus.NO_CONTENT.code()) {
            headers.set(CONTENT_LENGTH, response.body().length);
        }
        if (!response.contentType().isEmpty()) {
            headers.set(CONTENT_TYPE, response.contentType());
        }
        return parts;
    }

    /**
     * The head of an answer that comes piece by piece.
     *
     * @param chunked whether the client understands chunks, which one of HTTP/1.0 does not
     */
    static io.netty.handler.codec.http.HttpResponse streamHead(String contentType, boolean chunked) {
        io.netty.handler.codec.http.HttpResponse parts =
                new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        HttpHeaders headers = parts.headers();
        headers.set(SERVER, NAME);
        headers.set(CONNECTION, HttpHeaderValues.CLOSE);
        headers.set(CONTENT_TYPE, contentType);
        headers.set("Cache-Control", HttpHeaderValues.NO_CACHE);
        if (chunked) {
            headers.set("Transfer-Encoding", HttpHeaderValues.CHUNKED);
        }
        return parts;
    }
}
