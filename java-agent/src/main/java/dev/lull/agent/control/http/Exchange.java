package dev.lull.agent.control.http;

import java.util.concurrent.atomic.AtomicBoolean;

/** One request's answer on a connection. */
final class Exchange implements HttpExchange {
    private final HttpConnection connection;
    private final AtomicBoolean answered = new AtomicBoolean();

    Exchange(HttpConnection connection) {
        this.connection = connection;
    }

    @Override
    public void respond(HttpResponse response) {
        if (!tryRespond(response)) {
            throw new IllegalStateException("this request is answered already");
        }
    }

    /** As {@link #respond}; false if it is answered already. */
    boolean tryRespond(HttpResponse response) {
        if (answered.getAndSet(true)) {
            return false;
        }
        connection.execute(() -> connection.answer(response));
        return true;
    }

    @Override
    public EventStream stream(String contentType) {
        if (answered.getAndSet(true)) {
            throw new IllegalStateException("this request is answered already");
        }
        ChannelStream stream = connection.newStream();
        connection.execute(() -> connection.startStream(contentType));
        return stream;
    }
}
