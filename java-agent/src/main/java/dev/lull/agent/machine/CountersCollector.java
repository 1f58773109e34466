package dev.lull.agent.machine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.status.CountersReader;

/** One pass over a machine's counters, in which their labels get their meaning. */
final class CountersCollector implements CountersReader.MetaData {
    private final CountersReader counters;

    /** By the part of the label in front of its last dot, then by the part behind it. */
    private final Map<String, Map<String, Long>> machine = new LinkedHashMap<>();

    private final Map<String, Map<String, Long>> devices = new LinkedHashMap<>();

    CountersCollector(CountersReader counters) {
        this.counters = counters;
    }

    @Override
    public void accept(int counterId, int typeId, DirectBuffer keyBuffer, String label) {
        Map<String, Map<String, Long>> owners = typeId == CountersFile.MACHINE_TYPE_ID ? machine : devices;
        int dot = label.lastIndexOf('.');
        if (dot > 0) {
            owners.computeIfAbsent(label.substring(0, dot), owner -> new LinkedHashMap<>())
                    .put(label.substring(dot), counters.getCounterValue(counterId));
        }
    }

    /** What was found; the machine's own is of {@code timeNanos}. */
    CountersReading reading(long timeNanos) {
        return new CountersReading(timeNanos, vcpus(), residentBytes(), requests());
    }

    private List<CountersReading.Vcpu> vcpus() {
        List<CountersReading.Vcpu> vcpus = new ArrayList<>();
        Map<String, Long> values = machine.get(MachineCounters.VCPU + 0);
        while (values != null) {
            vcpus.add(new CountersReading.Vcpu(
                    value(values, MachineCounters.EXITS),
                    value(values, MachineCounters.BUSY),
                    VcpuState.of(value(values, MachineCounters.STATE))));
            values = machine.get(MachineCounters.VCPU + vcpus.size());
        }
        return List.copyOf(vcpus);
    }

    private long residentBytes() {
        return value(machine.getOrDefault(MachineCounters.MEMORY, Map.of()), MachineCounters.RESIDENT);
    }

    /** What is counted as {@code .requests} is a kind of request: a device's id, which may have dots in it, and an operation. */
    private List<CountersReading.Requests> requests() {
        List<CountersReading.Requests> requests = new ArrayList<>();
        devices.forEach((name, values) -> {
            int dot = name.lastIndexOf('.');
            if (dot > 0 && values.containsKey(".requests")) {
                requests.add(new CountersReading.Requests(
                        name.substring(0, dot),
                        name.substring(dot + 1),
                        value(values, ".requests"),
                        value(values, ".bytes"),
                        value(values, ".failures"),
                        value(values, ".p99-nanos")));
            }
        });
        return List.copyOf(requests);
    }

    private static long value(Map<String, Long> values, String name) {
        return values.getOrDefault(name, 0L);
    }
}
