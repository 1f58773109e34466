package dev.lull.agent.mmds;

import dev.lull.agent.json.Json;
import dev.lull.agent.mmds.MmdsMetrics.Metric;
import dev.lull.agent.mmds.net.RequestServer;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;

/** The service as a guest sees it: HTTP requests and their answers, those of Firecracker's. */
final class MmdsService implements RequestServer {
    private static final String TOKEN_PATH = "/latest/api/token";
    private static final Set<String> TOKEN = Set.of("x-metadata-token", "x-aws-ec2-metadata-token");
    private static final Set<String> TTL =
            Set.of("x-metadata-token-ttl-seconds", "x-aws-ec2-metadata-token-ttl-seconds");
    private static final Set<String> FORWARDED = Set.of("x-forwarded-for");

    private static final String NO_TOKEN = "No MMDS token provided. Use `X-metadata-token` or "
            + "`X-aws-ec2-metadata-token` header to specify the session token.";
    private static final String NO_TTL = "Token time to live value not found. Use `X-metadata-token-ttl-seconds` or "
            + "`X-aws-ec2-metadata-token-ttl-seconds` header to specify the token's lifetime.";

    private final MmdsStore store;
    private final MmdsTokens tokens;
    private final MmdsMetrics metrics;
    private final boolean needsToken;
    private final boolean alwaysText;

    MmdsService(MmdsStore store, MmdsTokens tokens, MmdsMetrics metrics, MmdsConfig config) {
        this.store = store;
        this.tokens = tokens;
        this.metrics = metrics;
        needsToken = config.version() == MmdsVersion.V2;
        alwaysText = config.imdsCompat();
    }

    @Override
    public int requestBytes(byte[] buffer, int count) {
        return HttpRequest.lengthBytes(buffer, count);
    }

    @Override
    public Answer answer(byte[] buffer, int lengthBytes) {
        try {
            HttpRequest request = HttpRequest.parse(buffer, lengthBytes);
            byte[] bytes = respond(request).bytes(request.version(), request.keepsConnection());
            return new Answer(bytes, request.keepsConnection());
        } catch (BadRequest e) {
            return new Answer(e.response().bytes(HttpResponse.VERSION, false), false);
        }
    }

    private HttpResponse respond(HttpRequest request) {
        if (request.path().isEmpty()) {
            return HttpResponse.text(400, "Invalid URI.");
        }
        return switch (request.method()) {
            case "GET" -> authorized(request);
            case "PUT" -> putToken(request);
            default -> HttpResponse.text(405, "Not allowed HTTP method.").withHeader("Allow", "GET, PUT");
        };
    }

    /** Without a valid token there is an answer in version 1 only; in both it is counted. */
    private HttpResponse authorized(HttpRequest request) {
        HttpRequest.Header token = request.header(TOKEN);
        if (token == null) {
            metrics.count(Metric.RX_NO_TOKEN);
            return needsToken ? HttpResponse.text(401, NO_TOKEN) : get(request);
        }
        if (!tokens.isValid(token.value())) {
            metrics.count(Metric.RX_INVALID_TOKEN);
            return needsToken ? HttpResponse.text(401, "MMDS token not valid.") : get(request);
        }
        return get(request);
    }

    private HttpResponse get(HttpRequest request) {
        String path = withoutEmptySteps(request.path());
        MetadataTree.Found found =
                MetadataTree.find(store.content(), path.endsWith("/") ? path.substring(0, path.length() - 1) : path);
        if (found == null) {
            return notFound(request);
        }
        if (request.acceptsJson() && !alwaysText) {
            return HttpResponse.json(Json.bytes(found.value()));
        }
        return switch (found.value()) {
            case Map<?, ?> directory -> HttpResponse.text(200, listing(directory));
            case String leaf -> HttpResponse.text(200, leaf);
            case null, default -> HttpResponse.text(501, "Cannot retrieve value. The value has an unsupported type.");
        };
    }

    /** The names in a directory, a line each, those of directories with a slash behind them. */
    private static String listing(Map<?, ?> directory) {
        StringJoiner lines = new StringJoiner("\n");
        directory.forEach((name, member) -> lines.add(member instanceof Map<?, ?> ? name + "/" : String.valueOf(name)));
        return lines.toString();
    }

    private HttpResponse putToken(HttpRequest request) {
        HttpRequest.Header forwarded = request.header(FORWARDED);
        if (forwarded != null) {
            return HttpResponse.text(400, "Invalid header. Reason: Unsupported header name. Key: " + forwarded.name());
        }
        if (!withoutEmptySteps(request.path()).equals(TOKEN_PATH)) {
            return notFound(request);
        }
        HttpRequest.Header ttl = request.header(TTL);
        if (ttl == null) {
            return HttpResponse.text(400, NO_TTL);
        }
        String value = ttl.value();
        if (!value.matches("[0-9]{1,10}") || Long.parseLong(value) >= 1L << 32) {
            return HttpResponse.text(
                    400, "Invalid header. Reason: Invalid value. Key:" + ttl.name() + "; Value:" + value);
        }
        long seconds = Long.parseLong(value);
        if (seconds < MmdsTokens.MIN_TTL_SECONDS || seconds > MmdsTokens.MAX_TTL_SECONDS) {
            return HttpResponse.text(
                    400,
                    "Invalid time to live value provided for token: %d. Please provide a value between %d and %d."
                            .formatted(seconds, MmdsTokens.MIN_TTL_SECONDS, MmdsTokens.MAX_TTL_SECONDS));
        }
        return HttpResponse.text(200, tokens.issue((int) seconds)).withHeader(ttl.name(), Long.toString(seconds));
    }

    private static HttpResponse notFound(HttpRequest request) {
        return HttpResponse.text(404, "Resource not found: " + request.path() + ".");
    }

    private static String withoutEmptySteps(String path) {
        return path.replaceAll("/{2,}", "/");
    }
}
