package dev.lull.agent.control.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * A client that sends whatever its input says, in pieces of whatever size. Whatever that is, nothing is thrown; each request
 * that is one reaches the handler and is answered 200, in order; and at most one answer of 4xx follows, which is the last.
 * The first byte says how long the pieces are, and whether answers come at once.
 */
final class HttpFuzzTarget {
    private static final HttpLimits LIMITS = new HttpLimits(64, 1, Duration.ofMinutes(1), Duration.ofMinutes(1));
    private static final int LATE = 8;

    private long inputs;
    private long requests;
    private long bodies;
    private long refusals;
    private long unfinished;

    void run(byte[] input) {
        if (input.length == 0) {
            return;
        }
        inputs++;
        boolean late = (input[0] & LATE) != 0;
        int pieceBytes = 1 << (input[0] & 7);
        Deque<HttpExchange> waiting = new ArrayDeque<>();
        List<Throwable> faults = new ArrayList<>();
        int[] handled = {0};
        EmbeddedChannel channel = new EmbeddedChannel();
        HttpConnection connection = new HttpConnection(
                channel,
                LIMITS,
                (request, exchange) -> {
                    check(request);
                    handled[0]++;
                    if (late) {
                        waiting.add(exchange);
                    } else {
                        exchange.respond(HttpResponse.noContent());
                    }
                },
                Peer.UNKNOWN,
                faults::add);
        connection.install();
        StringBuilder answers = new StringBuilder();
        for (int at = 1; at < input.length && channel.isOpen(); at += pieceBytes) {
            byte[] piece = Arrays.copyOfRange(input, at, Math.min(input.length, at + pieceBytes));
            channel.writeInbound(Unpooled.wrappedBuffer(piece));
            while (!waiting.isEmpty()) {
                waiting.remove().respond(HttpResponse.noContent());
                channel.runPendingTasks();
            }
            drain(channel, answers);
        }
        channel.finishAndReleaseAll();
        channel.checkException();
        if (!faults.isEmpty()) {
            throw new AssertionError(faults.getFirst());
        }
        judge(answers.toString(), handled[0]);
    }

    private void check(HttpRequest request) {
        boolean whole = !request.method().isEmpty()
                && request.path().startsWith("/")
                && request.path().chars().allMatch(c -> c > ' ' && c <= '~' && c != '?')
                && request.body().length <= LIMITS.maxBodyBytes();
        for (Map.Entry<String, String> header : request.headers().entrySet()) {
            whole &= (header.getKey() + header.getValue()).chars().noneMatch(c -> c == '\r' || c == '\n' || c == 0);
        }
        if (!whole) {
            throw new AssertionError("handed on: " + request);
        }
        requests++;
        bodies += request.body().length > 0 ? 1 : 0;
    }

    private static void drain(EmbeddedChannel channel, StringBuilder answers) {
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            answers.append(out.toString(StandardCharsets.ISO_8859_1));
            out.release();
        }
    }

    /** 204s, one for each request, with 100s between them; then at most one refusal. */
    private void judge(String answers, int handled) {
        int answered = 0;
        int refused = 0;
        int at = 0;
        while (at < answers.length()) {
            int end = answers.indexOf("\r\n\r\n", at);
            String status = answers.substring(at, at + "HTTP/1.1 200".length());
            at = end + 4;
            switch (status) {
                case "HTTP/1.1 204" -> answered++;
                case "HTTP/1.1 100" -> {}
                case "HTTP/1.1 400" -> {
                    refused++;
                    at = answers.length();
                }
                default -> throw new AssertionError("answered: " + answers);
            }
            if (end < 0) {
                throw new AssertionError("half an answer: " + answers);
            }
        }
        if (answered != handled || refused > 1) {
            throw new AssertionError(handled + " requests, answered: " + answers);
        }
        refusals += refused;
        unfinished += answered + refused == 0 ? 1 : 0;
    }

    /** Whether all kinds of ends were seen. */
    boolean wentDeep() {
        return requests > 0 && bodies > 0 && refusals > 0 && unfinished > 0;
    }

    String summary() {
        return "%d inputs: %d requests, %d with a body; %d inputs refused, %d without an answer"
                .formatted(inputs, requests, bodies, refusals, unfinished);
    }
}
