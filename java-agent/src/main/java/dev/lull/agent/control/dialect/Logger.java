package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonFormatException;
import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a machine's log goes, and how much of it; what is null stays as it is.
 *
 * @param level {@code Off}, {@code Error}, {@code Warn}, {@code Info}, {@code Debug} or {@code Trace}
 * @param module only lines whose origin begins with it
 */
public record Logger(
        @Nullable Path logPath,
        @Nullable String level,
        @Nullable Boolean showLevel,
        @Nullable Boolean showLogOrigin,
        @Nullable String module) {
    private static final String WARN = "Warn";
    private static final List<String> LEVELS = List.of("Off", "Error", WARN, "Info", "Debug", "Trace");

    static Logger of(JsonObject body) {
        String path = body.optionalString("log_path");
        Logger logger = new Logger(
                path == null ? null : Bodies.path(path),
                level(body.optionalString("level")),
                body.optionalTruth("show_level"),
                body.optionalTruth("show_log_origin"),
                body.optionalString("module"));
        body.end();
        return logger;
    }

    /** This, and of {@code old} what this leaves as it is. */
    public Logger over(@Nullable Logger old) {
        return old == null
                ? this
                : new Logger(
                        logPath == null ? old.logPath : logPath,
                        level == null ? old.level : level,
                        showLevel == null ? old.showLevel : showLevel,
                        showLogOrigin == null ? old.showLogOrigin : showLogOrigin,
                        module == null ? old.module : module);
    }

    Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .with("log_path", logPath)
                .with("level", level)
                .with("show_level", showLevel)
                .with("show_log_origin", showLogOrigin)
                .with("module", module)
                .toMap();
    }

    /** In whatever case it is written; {@code warning} is one too. */
    private static @Nullable String level(@Nullable String given) {
        if (given == null || given.equalsIgnoreCase("warning")) {
            return given == null ? null : WARN;
        }
        return LEVELS.stream()
                .filter(given::equalsIgnoreCase)
                .findFirst()
                .orElseThrow(() -> new JsonFormatException(
                        "level: unknown variant `%s`, expected one of %s".formatted(given, String.join(", ", LEVELS))));
    }
}
