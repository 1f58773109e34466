package dev.lull.agent.control.daemon;

import dev.lull.agent.control.http.EventStream;
import dev.lull.agent.control.http.HttpExchange;
import dev.lull.agent.control.http.HttpResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes the answer to one request. Whoever asked for a stream reads what comes at once and leaves. */
final class OneAnswer implements HttpExchange, EventStream {
    private static final byte[] STREAM = {':', '\n', '\n'};

    private @Nullable HttpResponse answer;
    private @Nullable Runnable onClosed;

    @Override
    public void respond(HttpResponse response) {
        if (answer != null) {
            throw new IllegalStateException("this request is answered already");
        }
        answer = response;
    }

    @Override
    public EventStream stream(String contentType) {
        respond(new HttpResponse(200, contentType, STREAM, Map.of()));
        return this;
    }

    /** What it was answered; it must have been. */
    HttpResponse get() {
        if (answer == null) {
            throw new AssertionError("no answer");
        }
        if (onClosed != null) {
            onClosed.run();
        }
        return answer;
    }

    @Override
    public boolean send(byte[] bytes) {
        return true;
    }

    @Override
    public void close() {}

    @Override
    public void onClosed(Runnable task) {
        onClosed = task;
    }
}
