package dev.lull.agent.machine;

import dev.lull.device.virtio.VirtioException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Tells a person of devices that broke, but not as often as a guest may break them. */
final class DeviceFaults {
    private static final int SHOWN_PER_DEVICE = 5;

    private final Consumer<String> warnings;
    private final Map<String, Integer> seen = new ConcurrentHashMap<>();

    DeviceFaults(Consumer<String> warnings) {
        this.warnings = warnings;
    }

    /** Device {@code name} was broken by {@code cause} until its driver resets it. From any thread. */
    void report(String name, Throwable cause) {
        int count = seen.merge(name, 1, Integer::sum);
        if (count > SHOWN_PER_DEVICE) {
            return;
        }
        String whose = cause instanceof VirtioException
                ? "its driver broke a rule: " + cause.getMessage()
                : "stopped by a fault of Lull's own: " + cause;
        String more = count == SHOWN_PER_DEVICE ? " (further ones of it are not shown)" : "";
        warnings.accept(name + ": " + whose + more);
    }
}
