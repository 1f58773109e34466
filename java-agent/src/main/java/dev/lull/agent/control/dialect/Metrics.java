package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a machine's metrics go.
 *
 * @param emitId whether each line has the machine's id
 * @param properties that each line has, besides
 */
public record Metrics(Path metricsPath, boolean emitId, Map<String, String> properties) {
    static Metrics of(JsonObject body) {
        // Firecracker passes over unknown fields here.
        return new Metrics(
                Bodies.path(body.string("metrics_path")), body.truth("emit_id", false), body.stringMap("properties"));
    }

    Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .with("metrics_path", metricsPath)
                .with("emit_id", emitId)
                .withSome("properties", properties)
                .toMap();
    }
}
