package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.Command;
import dev.lull.agent.control.dialect.Dialect;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.control.http.HttpExchange;
import dev.lull.agent.control.http.HttpHandler;
import dev.lull.agent.control.http.HttpRequest;
import dev.lull.agent.control.http.HttpResponse;
import dev.lull.agent.json.Json;
import java.util.Map;

/** Answers requests of the dialect for one machine: at once what only reads, else on a thread that may wait. */
public final class DialectHandler implements HttpHandler {
    private static final int OK = 200;
    private static final int CREATED = 201;
    private static final int INTERNAL_ERROR = 500;

    private final MicroVm vm;

    /** Answers for {@code vm}. */
    public DialectHandler(MicroVm vm) {
        this.vm = vm;
    }

    @Override
    public void handle(HttpRequest request, HttpExchange exchange) {
        handle(request, request.path(), exchange);
    }

    /** As the other, with the path as it is under the machine's own socket. */
    public void handle(HttpRequest request, String path, HttpExchange exchange) {
        vm.output().apiRequest(Dialect.describe(request.method(), path, request.body()));
        Dialect.Parsed parsed;
        try {
            parsed = Dialect.parse(request.method(), path, request.body());
        } catch (RefusalException e) {
            exchange.respond(refusal(e));
            return;
        }
        if (parsed.command().reads()) {
            exchange.respond(answer(parsed));
        } else {
            vm.site().executor().execute(() -> exchange.respond(answer(parsed)));
        }
    }

    private HttpResponse answer(Dialect.Parsed parsed) {
        HttpResponse response = answer(parsed.command());
        if (parsed.deprecation() == null) {
            return response;
        }
        vm.output().warn(parsed.deprecation());
        return new HttpResponse(
                response.status(), response.contentType(), response.body(), Map.of("Deprecation", "true"));
    }

    private HttpResponse answer(Command command) {
        try {
            Object value = vm.execute(command);
            vm.output().apiSuccess(value != null);
            return value == null
                    ? HttpResponse.noContent()
                    : HttpResponse.json(command instanceof Command.StartIdleTask ? CREATED : OK, Json.text(value));
        } catch (RefusalException e) {
            return refusal(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return HttpResponse.fault(INTERNAL_ERROR, "The microVM is being removed.");
        } catch (RuntimeException e) {
            vm.warn("a fault of Lull's own: " + e);
            return HttpResponse.fault(INTERNAL_ERROR, "A fault of Lull's own: " + e);
        }
    }

    private HttpResponse refusal(RefusalException refusal) {
        String message = String.valueOf(refusal.getMessage());
        vm.output().apiError(refusal.status(), message);
        return HttpResponse.fault(refusal.status(), message);
    }
}
