package dev.lull.agent.control.daemon;

import dev.lull.agent.control.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The description of the host's API, OpenAPI 3.1; {@code openapi.json} beside this class. */
final class OpenApi {
    private static final int OK = 200;
    private static final String RESOURCE = "openapi.json";

    private OpenApi() {}

    static HttpResponse response() {
        return HttpResponse.json(OK, text());
    }

    static String text() {
        try (InputStream stream = OpenApi.class.getResourceAsStream(RESOURCE)) {
            if (stream == null) {
                throw new IllegalStateException(RESOURCE + " is missing");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
