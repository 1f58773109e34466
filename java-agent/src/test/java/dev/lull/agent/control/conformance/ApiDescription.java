package dev.lull.agent.control.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.control.http.UnixClient.Answer;
import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the host's API says of itself, {@code openapi.json}, and whether requests and answers are as it says. */
public final class ApiDescription {
    private static final String RESOURCE = "/dev/lull/agent/control/daemon/openapi.json";
    private static final String JSON = "application/json";
    private static final Set<String> METHODS = Set.of("get", "put", "patch", "delete", "post");
    private static final String MALFORMED = "An error occurred when deserializing the json body of a request: ";

    /** What a schema cannot say: that a text is no path. */
    private static final String UNSAYABLE = "not a path";

    private final Map<?, ?> document;
    private final JsonSchema schemas;

    private ApiDescription(Map<?, ?> document) {
        this.document = document;
        this.schemas = new JsonSchema(document);
    }

    /** Reads it. */
    public static ApiDescription read() throws IOException {
        try (InputStream stream = ApiDescription.class.getResourceAsStream(RESOURCE)) {
            byte[] text = Objects.requireNonNull(stream, RESOURCE).readAllBytes();
            return new ApiDescription((Map<?, ?>) Objects.requireNonNull(Json.parse(text)));
        }
    }

    /** All requests, as {@code PUT /vms/{id}}. */
    public Set<String> requests() {
        Set<String> requests = new LinkedHashSet<>();
        paths().forEach((path, item) -> item.keySet().stream()
                .filter(METHODS::contains)
                .forEach(method -> requests.add(String.valueOf(method).toUpperCase(Locale.ROOT) + " " + path)));
        return requests;
    }

    /**
     * Checks a request and its answer, if there is such a request.
     *
     * @param path with its ids, without a query
     * @throws AssertionError if the one or the other is not as described
     */
    public void check(String method, String path, String body, Answer answer) {
        Map<?, ?> operation = operation(method, path);
        if (operation == null) {
            return;
        }
        String what = method + " " + path + " " + body + ": " + answer;
        checkAnswer(operation, answer, what);
        if (operation.get("requestBody") instanceof Map<?, ?> described && !body.isEmpty()) {
            checkBody(described, body, answer, what);
        }
    }

    private void checkAnswer(Map<?, ?> operation, Answer answer, String what) {
        Map<?, ?> responses = (Map<?, ?>) Objects.requireNonNull(operation.get("responses"));
        assertThat(responses.containsKey(Integer.toString(answer.status())))
                .as("the status is described: %s", what)
                .isTrue();
        Map<?, ?> response = schemas.resolved((Map<?, ?>) responses.get(Integer.toString(answer.status())));
        String type = answer.headers().getOrDefault("content-type", "").split(";", 2)[0];
        if (!(response.get("content") instanceof Map<?, ?> content)) {
            assertThat(answer.body()).as(what).isEmpty();
            return;
        }
        assertThat(content.containsKey(type))
                .as("the type is described: %s", what)
                .isTrue();
        if (type.equals(JSON)) {
            assertThat(schemas.faults(Json.parse(answer.body()), schema(content)))
                    .as(what)
                    .isEmpty();
        }
    }

    /** A request that is done has a body as described, and one that is refused for its body's form has not. */
    private void checkBody(Map<?, ?> described, String body, Answer answer, String what) {
        Object value;
        try {
            value = Json.parse(body);
        } catch (JsonFormatException e) {
            assertThat(answer.status()).as(what).isGreaterThanOrEqualTo(400);
            return;
        }
        List<String> faults =
                schemas.faults(value, schema((Map<?, ?>) Objects.requireNonNull(described.get("content"))));
        if (answer.status() < 300) {
            assertThat(faults).as(what).isEmpty();
        } else if (answer.body().contains(MALFORMED) && !answer.body().contains(UNSAYABLE)) {
            assertThat(faults)
                    .as("what is wrong with the body, by its schema: %s", what)
                    .isNotEmpty();
        }
    }

    private static Map<?, ?> schema(Map<?, ?> content) {
        Map<?, ?> json = (Map<?, ?>) Objects.requireNonNull(content.get(JSON));
        return (Map<?, ?>) Objects.requireNonNull(json.get("schema"));
    }

    private @Nullable Map<?, ?> operation(String method, String path) {
        for (Map.Entry<String, Map<?, ?>> item : paths().entrySet()) {
            if (path.matches(item.getKey().replace(".", "\\.").replaceAll("\\{[a-z_]+}", "[^/]+"))) {
                return (Map<?, ?>) item.getValue().get(method.toLowerCase(Locale.ROOT));
            }
        }
        return null;
    }

    /** In an order in which fixed paths come before those with ids. */
    private Map<String, Map<?, ?>> paths() {
        Map<String, Map<?, ?>> paths = new TreeMap<>();
        ((Map<?, ?>) Objects.requireNonNull(document.get("paths")))
                .forEach((path, item) -> paths.put(String.valueOf(path), (Map<?, ?>) item));
        return paths;
    }
}
