package dev.lull.agent.cli.top;

import dev.lull.agent.client.VmInfo;
import dev.lull.agent.control.vm.DeviceIds;
import dev.lull.agent.machine.CountersReading;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a machine asks of its devices, by the second. What is not known is NaN, as is what it has no device for.
 *
 * @param read of disks, as {@code written} is; {@code disks} are those and all other requests, such as flushes
 * @param received of network devices, as {@code sent} is
 * @param slowest the 99th percentiles of late, of all kinds of requests, the longest first
 */
record RequestRates(Flow read, Flow written, Flow disks, Flow received, Flow sent, List<Slow> slowest) {
    /**
     * Requests of a kind.
     *
     * @param count how many
     * @param bytes what they moved
     */
    record Flow(double count, double bytes) {
        static final Flow UNKNOWN = new Flow(Double.NaN, Double.NaN);

        Flow plus(Flow other) {
            return new Flow(count + other.count, bytes + other.bytes);
        }
    }

    /**
     * A time that requests took.
     *
     * @param name device and operation
     */
    record Slow(String name, long p99Nanos) {}

    /** Of a machine of which nothing is known. */
    static final RequestRates UNKNOWN =
            new RequestRates(Flow.UNKNOWN, Flow.UNKNOWN, Flow.UNKNOWN, Flow.UNKNOWN, Flow.UNKNOWN, List.of());

    /**
     * The rates between two readings.
     *
     * @param then null if there was none
     * @param seconds the time between them
     */
    static RequestRates between(VmInfo vm, @Nullable CountersReading then, CountersReading now, double seconds) {
        Map<String, CountersReading.Requests> before = new HashMap<>();
        if (then != null) {
            then.requests().forEach(requests -> before.put(name(requests), requests));
        }
        Map<String, String> kinds = new HashMap<>();
        vm.devices().forEach(device -> kinds.put(counted(device), device.kind()));
        Map<String, Flow> flows = new HashMap<>();
        List<Slow> slowest = new ArrayList<>();
        for (CountersReading.Requests requests : now.requests()) {
            String kind = kinds.getOrDefault(requests.device(), "");
            Flow flow = then == null ? Flow.UNKNOWN : flow(before.get(name(requests)), requests, seconds);
            flows.merge(kind, flow, Flow::plus);
            flows.merge(kind + '.' + requests.operation(), flow, Flow::plus);
            if (requests.p99Nanos() > 0) {
                slowest.add(new Slow(name(requests), requests.p99Nanos()));
            }
        }
        slowest.sort(Comparator.comparingLong(Slow::p99Nanos).reversed());
        return new RequestRates(
                flows.getOrDefault(VmInfo.Device.DRIVE + ".read", Flow.UNKNOWN),
                flows.getOrDefault(VmInfo.Device.DRIVE + ".write", Flow.UNKNOWN),
                flows.getOrDefault(VmInfo.Device.DRIVE, Flow.UNKNOWN),
                flows.getOrDefault(VmInfo.Device.NETWORK_INTERFACE + ".receive", Flow.UNKNOWN),
                flows.getOrDefault(VmInfo.Device.NETWORK_INTERFACE + ".transmit", Flow.UNKNOWN),
                List.copyOf(slowest));
    }

    /** What network devices moved, both ways. */
    double networkBytes() {
        return received.bytes + sent.bytes;
    }

    /** The longest time, 0 if there is none. */
    long worstP99Nanos() {
        return slowest.isEmpty() ? 0 : slowest.getFirst().p99Nanos();
    }

    /** What a device is called in counters: its id alone need not be unique. */
    private static String counted(VmInfo.Device device) {
        return switch (device.kind()) {
            case VmInfo.Device.DRIVE -> DeviceIds.drive(device.id());
            case VmInfo.Device.NETWORK_INTERFACE -> DeviceIds.net(device.id());
            default -> device.id();
        };
    }

    private static Flow flow(CountersReading.@Nullable Requests then, CountersReading.Requests now, double seconds) {
        return new Flow(
                RateMeter.rise(then == null ? 0 : then.count(), now.count()) / seconds,
                RateMeter.rise(then == null ? 0 : then.bytes(), now.bytes()) / seconds);
    }

    private static String name(CountersReading.Requests requests) {
        return requests.device() + '.' + requests.operation();
    }
}
