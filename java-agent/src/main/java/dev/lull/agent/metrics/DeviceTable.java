package dev.lull.agent.metrics;

import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import java.util.List;
import org.HdrHistogram.Histogram;

/** What a machine's devices did as a person reads it: a row per device and operation, and what else was counted. */
public final class DeviceTable {
    private DeviceTable() {}

    /** The table, several lines, of a machine that has ended; one line if its devices did nothing. */
    public static String of(List<DeviceStats> devices) {
        TextTable requests = new TextTable("llrrrrrrr")
                .row("device", "operation", "requests", "bytes", "failed", "p50", "p99", "p99.9", "max");
        TextTable events = new TextTable("llr").row("device", "event", "count");
        boolean anyRequest = false;
        boolean anyEvent = false;
        for (DeviceStats device : devices) {
            for (RequestStats stats : device.requests()) {
                if (stats.requests() > 0) {
                    row(requests, device, stats);
                    anyRequest = true;
                }
            }
            for (DeviceStats.Event event : device.events()) {
                if (event.count() > 0) {
                    events.row(device.device(), event.name(), Long.toString(event.count()));
                    anyEvent = true;
                }
            }
        }
        if (!anyRequest && !anyEvent) {
            return "The guest asked nothing of its devices.";
        }
        return (anyRequest
                        ? "Requests to the guest's devices, and the time from queue to completion in microseconds:\n"
                                + requests
                        : "")
                + (anyRequest && anyEvent ? "\n" : "")
                + (anyEvent ? "What else the devices counted:\n" + events : "");
    }

    private static void row(TextTable table, DeviceStats device, RequestStats stats) {
        Histogram nanos = stats.nanos();
        table.row(
                device.device(),
                stats.name().substring(device.device().length() + 1),
                Long.toString(stats.requests()),
                Long.toString(stats.bytes()),
                Long.toString(stats.failures()),
                Micros.text(nanos.getValueAtPercentile(50)),
                Micros.text(nanos.getValueAtPercentile(99)),
                Micros.text(nanos.getValueAtPercentile(99.9)),
                Micros.text(nanos.getMaxValue()));
    }
}
