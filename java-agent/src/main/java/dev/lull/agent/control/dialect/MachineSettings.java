package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import dev.lull.paravirt.clock.VirtualCounter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A machine's processors and memory.
 *
 * @param cpuTemplate of Firecracker's static templates, deprecated; null for none
 * @param hugePages {@code None}, {@code Transparent} or {@code 2M}
 * @param cpuPins Lull's own: the host's CPU of each vCPU; empty for any
 * @param counterHz Lull's own: the frequency of the guest's counter; 0 for the host's counter
 */
public record MachineSettings(
        int vcpuCount,
        long memSizeMib,
        boolean smt,
        @Nullable String cpuTemplate,
        boolean trackDirtyPages,
        String hugePages,
        List<Integer> cpuPins,
        long counterHz) {
    /** What a machine has that was told nothing. */
    public static final MachineSettings DEFAULT = new MachineSettings(1, 128, false, null, false, "None", List.of(), 0);

    /** What the kernel's affinity masks have room for. */
    private static final int MAX_CPU = 8191;

    private static final List<String> CPU_TEMPLATES = List.of("C3", "T2", "T2S", "T2CL", "T2A", "V1N1", "None");
    private static final List<String> HUGE_PAGES = List.of("None", "Transparent", "2M");

    static Update full(JsonObject body) {
        Update update = new Update(
                body.integer("vcpu_count", 0, 255),
                body.integer("mem_size_mib", 0, Long.MAX_VALUE >> 20),
                body.truth("smt", false),
                body.optionalChoice("cpu_template", CPU_TEMPLATES),
                body.truth("track_dirty_pages", false),
                body.choice("huge_pages", HUGE_PAGES, "None"),
                Objects.requireNonNullElse(pins(body), List.of()),
                Objects.requireNonNullElse(counterHz(body), 0L));
        body.end();
        return update;
    }

    static Update partial(JsonObject body) {
        Update update = new Update(
                body.optionalInteger("vcpu_count", 0, 255),
                body.optionalInteger("mem_size_mib", 0, Long.MAX_VALUE >> 20),
                body.optionalTruth("smt"),
                body.optionalChoice("cpu_template", CPU_TEMPLATES),
                body.optionalTruth("track_dirty_pages"),
                body.optionalChoice("huge_pages", HUGE_PAGES),
                pins(body),
                counterHz(body));
        body.end();
        return update;
    }

    private static @Nullable List<Integer> pins(JsonObject body) {
        return body.optionalIntegers("cpu_pins", 0, MAX_CPU);
    }

    private static @Nullable Long counterHz(JsonObject body) {
        return body.optionalInteger("counter_hz", 0, VirtualCounter.MAX_HZ);
    }

    Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .with("vcpu_count", vcpuCount)
                .with("mem_size_mib", memSizeMib)
                .with("smt", smt)
                .with("cpu_template", cpuTemplate)
                .with("track_dirty_pages", trackDirtyPages)
                .with("huge_pages", hugePages)
                .withSome("cpu_pins", cpuPins)
                .with("counter_hz", counterHz == 0 ? null : counterHz)
                .toMap();
    }

    /** What is to be changed of them; what is null stays. */
    public record Update(
            @Nullable Long vcpuCount,
            @Nullable Long memSizeMib,
            @Nullable Boolean smt,
            @Nullable String cpuTemplate,
            @Nullable Boolean trackDirtyPages,
            @Nullable String hugePages,
            @Nullable List<Integer> cpuPins,
            @Nullable Long counterHz) {
        /** Whether nothing is. */
        boolean isEmpty() {
            return equals(new Update(null, null, null, null, null, null, null, null));
        }

        /** {@code old} with the changes. */
        public MachineSettings applyTo(MachineSettings old) {
            String template = cpuTemplate == null ? old.cpuTemplate : cpuTemplate;
            return new MachineSettings(
                    vcpuCount == null ? old.vcpuCount : vcpuCount.intValue(),
                    memSizeMib == null ? old.memSizeMib : memSizeMib,
                    smt == null ? old.smt : smt,
                    "None".equals(template) ? null : template,
                    trackDirtyPages == null ? old.trackDirtyPages : trackDirtyPages,
                    hugePages == null ? old.hugePages : hugePages,
                    cpuPins == null ? old.cpuPins : cpuPins,
                    counterHz == null ? old.counterHz : counterHz);
        }
    }
}
