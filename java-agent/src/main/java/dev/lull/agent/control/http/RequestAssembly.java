package dev.lull.agent.control.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts a request together from its decoded parts, or says why it is refused. One at a time. */
final class RequestAssembly {
    private static final int BAD_REQUEST = 400;
    private static final int FIRST_BODY_BYTES = 1024;

    private final int maxBodyBytes;
    private final Peer peer;
    private io.netty.handler.codec.http.@Nullable HttpRequest head;
    private ByteBuf body = Unpooled.EMPTY_BUFFER;

    RequestAssembly(int maxBodyBytes, Peer peer) {
        this.maxBodyBytes = maxBodyBytes;
        this.peer = peer;
    }

    /** Whether a request has begun and not ended. */
    boolean isUnderWay() {
        return head != null;
    }

    /**
     * The request line and the headers.
     *
     * @return the refusal, or null
     */
    @Nullable
    HttpResponse begin(io.netty.handler.codec.http.HttpRequest newHead) {
        if (newHead.decoderResult().isFailure()) {
            return malformed(newHead.decoderResult().cause());
        }
        HttpVersion version = newHead.protocolVersion();
        if (!version.equals(HttpVersion.HTTP_1_1) && !version.equals(HttpVersion.HTTP_1_0)) {
            return HttpResponse.fault(BAD_REQUEST, "Invalid HTTP version: this is an HTTP/1.1 server.");
        }
        if (!isTarget(newHead.uri())) {
            return HttpResponse.fault(
                    BAD_REQUEST, "Invalid URI: it is a path of printable ASCII characters that begins with /.");
        }
        long announcedBytes = HttpUtil.getContentLength(newHead, 0L);
        if (announcedBytes > maxBodyBytes) {
            return tooLarge(announcedBytes);
        }
        head = newHead;
        return null;
    }

    /**
     * A piece of the body.
     *
     * @return the refusal, or null
     */
    @Nullable
    HttpResponse add(ByteBuf piece) {
        int lengthBytes = body.readableBytes() + piece.readableBytes();
        if (lengthBytes > maxBodyBytes) {
            return tooLarge(lengthBytes);
        }
        if (piece.isReadable()) {
            if (!body.isReadable()) {
                body = Unpooled.buffer(Math.min(FIRST_BODY_BYTES, maxBodyBytes), maxBodyBytes);
            }
            body.writeBytes(piece);
        }
        return null;
    }

    /** The request, whole; the next may begin. */
    HttpRequest end() {
        io.netty.handler.codec.http.HttpRequest whole = head;
        if (whole == null) {
            throw new IllegalStateException("no request has begun");
        }
        String target = path(whole.uri());
        int question = target.indexOf('?');
        Map<String, String> headers = new HashMap<>();
        whole.headers().forEach(header -> headers.put(header.getKey().toLowerCase(Locale.ROOT), header.getValue()));
        HttpRequest request = new HttpRequest(
                whole.method().name(),
                question < 0 ? target : target.substring(0, question),
                question < 0 ? "" : target.substring(question + 1),
                headers,
                ByteBufUtil.getBytes(body),
                peer);
        head = null;
        body = Unpooled.EMPTY_BUFFER;
        return request;
    }

    /** Why bytes are no request. */
    static HttpResponse malformed(@Nullable Throwable cause) {
        String reason = switch (cause) {
            case TooLongHttpLineException line ->
                "the request line is longer than " + HttpLimits.MAX_REQUEST_LINE_BYTES + " bytes";
            case TooLongHttpHeaderException headers ->
                "the headers are longer than " + HttpLimits.MAX_HEADER_BYTES + " bytes";
            case TooLongFrameException frame -> "it is too long";
            case null, default -> "it is not HTTP/1.1";
        };
        return HttpResponse.fault(BAD_REQUEST, "Invalid request: " + reason + ".");
    }

    private HttpResponse tooLarge(long lengthBytes) {
        return HttpResponse.error(
                BAD_REQUEST,
                "Request payload with size " + lengthBytes + " is larger than the limit of " + maxBodyBytes
                        + " allowed by server.\nAll previous unanswered requests will be dropped.");
    }

    private static boolean isTarget(String uri) {
        String path = path(uri);
        if (!path.startsWith("/")) {
            return false;
        }
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) <= ' ' || path.charAt(i) > '~') {
                return false;
            }
        }
        return true;
    }

    /** What {@code http://localhost/path} says besides the host, RFC 9112 §3.2.2. */
    private static String path(String uri) {
        String scheme = "http://";
        if (!uri.startsWith(scheme)) {
            return uri;
        }
        int slash = uri.indexOf('/', scheme.length());
        return slash < 0 ? "/" : uri.substring(slash);
    }
}
