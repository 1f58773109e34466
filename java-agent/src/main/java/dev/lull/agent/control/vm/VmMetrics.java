package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.Metrics;
import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.machine.ExitReason;
import dev.lull.agent.machine.ExitStats;
import dev.lull.agent.machine.Machine;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** A machine's metrics as a line of JSON, in the manner of Firecracker's: all counts are since the machine's start. */
final class VmMetrics {
    private static final int KVM_EXIT_IO = 2;
    private static final int KVM_EXIT_MMIO = 6;
    private static final long NANOS_PER_MICRO = 1000;

    private VmMetrics() {}

    /**
     * What only the machine's surroundings count.
     *
     * @param logLines that found no room
     * @param metricsLines that found no room
     * @param serialBytes that were dropped
     */
    record Lost(long requests, long refusals, long logLines, long metricsLines, long serialBytes) {}

    static Map<String, @Nullable Object> of(MicroVm vm, Metrics wanted, Lost lost) {
        JsonMembers members = new JsonMembers()
                .with("utc_timestamp_ms", System.currentTimeMillis())
                .with("id", wanted.emitId() ? vm.id() : null)
                .withSome("properties", wanted.properties())
                .with("api_server", Map.of("requests_count", lost.requests, "requests_fails", lost.refusals))
                .with("logger", Map.of("missed_log_count", lost.logLines, "missed_metrics_count", lost.metricsLines))
                .with("uart", Map.of("rate_limiter_dropped_bytes", lost.serialBytes));
        VmIdle idle = vm.idle();
        if (idle != null) {
            members.with("idle", IdleJson.summary(idle.view()).toMap());
        }
        return vm.read(machine -> withMachine(members, machine), members).toMap();
    }

    private static JsonMembers withMachine(JsonMembers members, Machine machine) {
        members.with("vcpu", vcpus(machine));
        machine.deviceStats().forEach(device -> members.with(device.device().replace('-', '_'), device(device)));
        return members;
    }

    private static Map<String, @Nullable Object> vcpus(Machine machine) {
        long ports = 0;
        long memory = 0;
        long all = 0;
        for (ExitStats stats : machine.exitStats()) {
            ports += stats.count(KVM_EXIT_IO);
            memory += stats.count(KVM_EXIT_MMIO);
            for (int reason = 0; reason < ExitReason.COUNT; reason++) {
                all += stats.count(reason);
            }
        }
        return new JsonMembers()
                .with("exit_io_count", ports)
                .with("exit_mmio_count", memory)
                .with("exit_count", all)
                .toMap();
    }

    private static Map<String, Object> device(DeviceStats device) {
        Map<String, Object> figures = new LinkedHashMap<>();
        for (RequestStats request : device.requests()) {
            String operation =
                    request.name().substring(device.device().length() + 1).replace('.', '_');
            Histogram nanos = request.nanos();
            figures.put(operation + "_count", request.requests());
            figures.put(operation + "_bytes", request.bytes());
            figures.put(operation + "_fails", request.failures());
            figures.put(
                    operation + "_agg",
                    Map.of(
                            "p50_us", nanos.getValueAtPercentile(50) / NANOS_PER_MICRO,
                            "p99_us", nanos.getValueAtPercentile(99) / NANOS_PER_MICRO,
                            "max_us", nanos.getMaxValue() / NANOS_PER_MICRO));
        }
        device.events().forEach(event -> figures.put(event.name().replace('.', '_'), event.count()));
        return figures;
    }
}
