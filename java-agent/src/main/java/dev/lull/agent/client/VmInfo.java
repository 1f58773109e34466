package dev.lull.agent.client;

import dev.lull.agent.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A virtual machine as the host's service describes it.
 *
 * @param id its name on the host
 * @param uuid tells it from all others anywhere, earlier ones of the same name among them
 * @param state {@code Not started}, {@code Running} or {@code Paused}
 * @param memoryMib its memory
 * @param createdAt as ISO 8601
 * @param startedAt likewise; null unless it was started
 * @param lastEnd how it last ended, if it did
 * @param consoleSocket where its console is
 * @param countersFile where its counters are; null if nowhere
 */
public record VmInfo(
        String id,
        String uuid,
        String state,
        int vcpuCount,
        long memoryMib,
        String createdAt,
        @Nullable String startedAt,
        @Nullable End lastEnd,
        Path apiSocket,
        Path consoleSocket,
        @Nullable Path countersFile,
        List<Device> devices) {
    /** The state of a machine that runs. */
    public static final String RUNNING = "Running";

    /** The state of a machine that is paused. */
    public static final String PAUSED = "Paused";

    /**
     * An end.
     *
     * @param kind such as {@code POWER_OFF}
     * @param message one line for a person
     * @param at as ISO 8601
     */
    public record End(String kind, String message, String at) {
        static @Nullable End of(@Nullable JsonObject json) {
            return json == null
                    ? null
                    : new End(
                            json.string("kind"),
                            Objects.requireNonNullElse(json.optionalString("message"), ""),
                            Objects.requireNonNullElse(json.optionalString("at"), ""));
        }
    }

    /**
     * A device.
     *
     * @param kind such as {@code drive}
     */
    public record Device(String id, String kind) {
        /** The kind of a disk. */
        public static final String DRIVE = "drive";

        /** The kind of a network device. */
        public static final String NETWORK_INTERFACE = "network-interface";
    }

    /** Reads the service's description of one. */
    public static VmInfo parse(byte[] json) {
        return Answer.read(json, VmInfo::of);
    }

    /** Reads the service's description of all. */
    public static List<VmInfo> parseAll(byte[] json) {
        return Answer.read(
                json, all -> all.objects("vms").stream().map(VmInfo::of).toList());
    }

    private static VmInfo of(JsonObject json) {
        String counters = json.optionalString("counters_file");
        return new VmInfo(
                json.string("id"),
                json.string("uuid"),
                json.string("state"),
                (int) json.integer("vcpu_count", 0, Integer.MAX_VALUE),
                json.integer("mem_size_mib", 0, Long.MAX_VALUE >> 20),
                json.string("created_at"),
                json.optionalString("started_at"),
                End.of(json.optionalObject("last_end")),
                Path.of(json.string("api_socket")),
                Path.of(json.string("console_socket")),
                counters == null ? null : Path.of(counters),
                json.objects("devices").stream()
                        .map(device -> new Device(device.string("id"), device.string("kind")))
                        .toList());
    }

    /** Whether it has been started and has not ended. */
    public boolean isAlive() {
        return state.equals(RUNNING) || state.equals(PAUSED);
    }
}
