package dev.lull.agent.control.dialect;

import dev.lull.agent.idle.Task;
import dev.lull.agent.idle.TaskFiles;
import dev.lull.agent.idle.TaskKind;
import dev.lull.agent.json.JsonFormatException;
import dev.lull.agent.json.JsonObject;
import dev.lull.agent.machine.ConfigException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * Work to be done in a machine's idle time; Lull's own.
 *
 * @param priority of two tasks that could go on, the one with the greater does
 * @param deadlineNanos how long it may wait for idle time before it gets a CPU that is no guest's; {@link Task#NEVER} for ever
 */
public record IdleTask(TaskKind kind, TaskFiles files, int priority, long deadlineNanos) {
    private static final int MAX_PRIORITY = 100;
    private static final long MAX_DEADLINE_MILLIS = TimeUnit.DAYS.toMillis(365);

    private static final Map<String, TaskKind> KINDS = new LinkedHashMap<>();

    static {
        for (TaskKind kind : TaskKind.values()) {
            KINDS.put(kind.toString(), kind);
        }
    }

    static IdleTask of(JsonObject body) {
        String kind = body.choice("task", List.copyOf(KINDS.keySet()));
        Long priority = body.optionalInteger("priority", -MAX_PRIORITY, MAX_PRIORITY);
        Long deadlineMillis = body.optionalInteger("deadline_ms", 0, MAX_DEADLINE_MILLIS);
        IdleTask task = new IdleTask(
                Objects.requireNonNull(KINDS.get(kind)),
                files(body),
                priority == null ? 0 : priority.intValue(),
                deadlineMillis == null ? Task.NEVER : TimeUnit.MILLISECONDS.toNanos(deadlineMillis));
        body.end();
        return task;
    }

    private static TaskFiles files(JsonObject body) {
        try {
            return TaskFiles.of(body::optionalString);
        } catch (ConfigException e) {
            throw new JsonFormatException(String.valueOf(e.getMessage()));
        }
    }
}
