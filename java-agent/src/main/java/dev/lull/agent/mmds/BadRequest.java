package dev.lull.agent.mmds;

import java.io.Serial;

/** A request that cannot be understood; without a stack trace, as any guest may send any number. */
final class BadRequest extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String body;

    BadRequest(int status, String body) {
        super(body, null, false, false);
        this.status = status;
        this.body = body;
    }

    /** The answer. Where the next request would begin is not known, so none can follow. */
    HttpResponse response() {
        return HttpResponse.text(status, body);
    }
}
