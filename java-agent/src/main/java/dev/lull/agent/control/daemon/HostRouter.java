package dev.lull.agent.control.daemon;

import dev.lull.agent.control.dialect.Command;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.control.dialect.VmDocument;
import dev.lull.agent.control.http.HttpExchange;
import dev.lull.agent.control.http.HttpHandler;
import dev.lull.agent.control.http.HttpRequest;
import dev.lull.agent.control.http.HttpResponse;
import dev.lull.agent.control.vm.IdleJson;
import dev.lull.agent.control.vm.Version;
import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonFormatException;
import dev.lull.agent.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The host's API: which machines there are, what becomes of them, and below {@code /vms/ID} each one's own dialect. */
final class HostRouter implements HttpHandler {
    private static final Logger LOG = LoggerFactory.getLogger("api");
    private static final int OK = 200;
    private static final int CREATED = 201;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int INTERNAL_ERROR = 500;
    private static final long MAX_GRACE_MILLIS = 3_600_000;
    private static final String EVENT_STREAM = "text/event-stream";

    private final Host host;
    private final Vms vms;
    private final UUID hostId;
    private final Instant startedAt = Instant.now();
    private final Scrape scrape;

    HostRouter(Host host, Vms vms, UUID hostId) {
        this.host = host;
        this.vms = vms;
        this.hostId = hostId;
        this.scrape = new Scrape(vms, host.idle());
    }

    @Override
    public void handle(HttpRequest request, HttpExchange exchange) {
        if (!request.method().equals("GET")) {
            LOG.info(
                    "{} {} by uid {} (pid {})",
                    request.method(),
                    request.path(),
                    request.peer().uid(),
                    request.peer().pid());
        }
        try {
            route(request, exchange);
        } catch (RefusalException e) {
            exchange.respond(HttpResponse.fault(e.status(), String.valueOf(e.getMessage())));
        }
    }

    private void route(HttpRequest request, HttpExchange exchange) {
        switch (request.path()) {
            case "/" -> exchange.respond(get(request, this::describe));
            case "/vms" -> exchange.respond(get(request, this::list));
            case "/idle" -> later(exchange, () -> get(request, this::idle));
            case "/metrics" -> later(exchange, () -> get(request, scrape::text));
            case "/openapi.json" -> exchange.respond(get(request, OpenApi::response));
            case "/events" -> {
                requireMethod(request, "GET");
                host.events().listen(exchange.stream(EVENT_STREAM));
            }
            default -> routeVm(request, exchange);
        }
    }

    private void routeVm(HttpRequest request, HttpExchange exchange) {
        String[] parts = request.path().split("/", 4);
        if (parts.length < 3 || !parts[1].equals("vms") || parts[2].isEmpty()) {
            throw new RefusalException(NOT_FOUND, "There is no " + request.path() + " here; see /openapi.json.");
        }
        String id = parts[2];
        if (parts.length == 3) {
            routeWhole(id, request, exchange);
            return;
        }
        HostedVm vm = vms.get(id);
        String rest = parts[3];
        if (rest.equals("stop")) {
            requireMethod(request, "PUT");
            Duration grace = grace(request.body());
            later(exchange, () -> {
                vm.vm().stop(grace);
                return HttpResponse.noContent();
            });
        } else if (rest.equals("histograms")) {
            later(exchange, () -> get(request, () -> HistogramReport.all(vm)));
        } else if (rest.startsWith("histograms/")) {
            String name = rest.substring("histograms/".length());
            later(exchange, () -> get(request, () -> HistogramReport.one(vm, name, request.query())));
        } else {
            vm.dialect().handle(request, "/" + rest, exchange);
        }
    }

    private void routeWhole(String id, HttpRequest request, HttpExchange exchange) {
        switch (request.method()) {
            case "GET" -> exchange.respond(json(OK, vms.get(id).describe()));
            case "PUT" -> {
                boolean start = start(request.query());
                List<Command> configuration = request.body().length == 0 ? List.of() : VmDocument.parse(request.body());
                later(
                        exchange,
                        () -> json(CREATED, vms.create(id, configuration, start).describe()));
            }
            case "DELETE" -> {
                vms.get(id);
                later(exchange, () -> {
                    vms.remove(id);
                    return HttpResponse.noContent();
                });
            }
            default -> requireMethod(request, "GET, PUT or DELETE");
        }
    }

    private HttpResponse describe() {
        return json(
                OK,
                Map.of(
                        "name",
                        "lulld",
                        "version",
                        Version.TEXT,
                        "host_id",
                        hostId,
                        "started_at",
                        startedAt,
                        "vms",
                        vms.all().size()));
    }

    private HttpResponse list() {
        return json(OK, Map.of("vms", vms.all().stream().map(HostedVm::describe).toList()));
    }

    private HttpResponse idle() {
        return json(
                OK,
                Map.of(
                        "vms",
                        vms.all().stream().map(HostedVm::describeIdle).toList(),
                        "cpus",
                        host.idle().cpus().stream().map(IdleJson::cpu).toList()));
    }

    /** Answers on a thread that may wait. */
    private void later(HttpExchange exchange, Callable<HttpResponse> task) {
        host.executor().execute(() -> {
            try {
                exchange.respond(task.call());
            } catch (RefusalException e) {
                exchange.respond(HttpResponse.fault(e.status(), String.valueOf(e.getMessage())));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                exchange.respond(HttpResponse.fault(INTERNAL_ERROR, "lulld is stopping."));
            } catch (Exception e) {
                LOG.error("a fault of Lull's own", e);
                exchange.respond(HttpResponse.fault(INTERNAL_ERROR, "A fault of Lull's own: " + e));
            }
        });
    }

    private static HttpResponse get(HttpRequest request, java.util.function.Supplier<HttpResponse> answer) {
        requireMethod(request, "GET");
        return answer.get();
    }

    private static void requireMethod(HttpRequest request, String allowed) {
        if (!request.method().equals(allowed)) {
            throw new RefusalException(
                    METHOD_NOT_ALLOWED, request.path() + " takes " + allowed + ", not " + request.method() + ".");
        }
    }

    private static boolean start(String query) {
        return switch (query) {
            case "", "start=false" -> false;
            case "start=true" -> true;
            default -> throw new RefusalException("The query " + query + " is unknown; there is start=true.");
        };
    }

    private static Duration grace(byte[] body) {
        if (body.length == 0) {
            return Duration.ZERO;
        }
        try {
            JsonObject object = JsonObject.parse(body);
            Long millis = object.optionalInteger("grace_ms", 0, MAX_GRACE_MILLIS);
            object.end();
            return millis == null ? Duration.ZERO : Duration.ofMillis(millis);
        } catch (JsonFormatException e) {
            throw new RefusalException(
                    "An error occurred when deserializing the json body of a request: " + e.getMessage() + ".");
        }
    }

    private static HttpResponse json(int status, Object value) {
        return HttpResponse.json(status, Json.text(value));
    }
}
