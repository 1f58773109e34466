package dev.lull.agent.cli.top;

import dev.lull.agent.json.Json;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All machines at a moment as one JSON object. Its names are an interface: none changes; what is not known is null. */
final class TopJson {
    private static final double THOUSAND = 1000;
    private static final long MIB = 1 << 20;

    private TopJson() {}

    /** The object, one line. */
    static String of(List<TopRow> rows, SortKey sort, Instant at) {
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("at", at.toString());
        page.put("vms", rows.stream().sorted(sort.order()).map(TopJson::row).toList());
        return Json.text(page);
    }

    private static Map<String, @Nullable Object> row(TopRow row) {
        RequestRates requests = row.rates().requests();
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("id", row.vm().id());
        json.put("state", row.vm().state());
        json.put("vcpu_count", row.vm().vcpuCount());
        json.put("busy_percent", number(row.rates().busyPercent()));
        json.put("exits_per_second", number(row.rates().exits()));
        put(json, "disk_read", requests.read());
        put(json, "disk_write", requests.written());
        put(json, "disk", requests.disks());
        put(json, "net_receive", requests.received());
        put(json, "net_transmit", requests.sent());
        json.put("memory_resident_bytes", number(row.rates().residentBytes()));
        json.put("memory_bytes", row.vm().memoryMib() * MIB);
        Map<String, Object> p99 = new LinkedHashMap<>();
        requests.slowest().forEach(slow -> p99.put(slow.name(), slow.p99Nanos()));
        json.put("p99_nanos", p99);
        return json;
    }

    private static void put(Map<String, @Nullable Object> json, String name, RequestRates.Flow flow) {
        json.put(name + "_bytes_per_second", number(flow.bytes()));
        json.put(name + "_requests_per_second", number(flow.count()));
    }

    private static @Nullable Object number(double number) {
        return Double.isNaN(number) ? null : Math.round(number * THOUSAND) / THOUSAND;
    }
}
