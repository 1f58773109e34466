package dev.lull.agent.control.conformance;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every request that Firecracker v1.17 understands, by its swagger and, for {@code DELETE}, its code; each with an example. */
public final class Requests {
    private static final String BUCKET = "{\"size\": 1000, \"refill_time\": 100}";
    private static final String LIMITER = "{\"bandwidth\": " + BUCKET + ", \"ops\": " + BUCKET + "}";

    /** Methods by template, such as {@code PUT /drives/{drive_id}}; those with several meanings have one more word. */
    private static final Map<String, Example> EXAMPLES = examples();

    private Requests() {}

    /**
     * What is sent.
     *
     * @param body with variables of {@link TestBench#expand}; empty for none
     */
    public record Example(String method, String path, String body) {}

    /** All, by name. */
    public static Map<String, Example> all() {
        return EXAMPLES;
    }

    /** The paths, each with an example of its ids. */
    static List<String> paths() {
        return EXAMPLES.values().stream().map(Example::path).distinct().toList();
    }

    private static Map<String, Example> examples() {
        Map<String, Example> all = new LinkedHashMap<>();
        get(all, "/", "/version", "/vm/config", "/machine-config", "/balloon", "/balloon/statistics");
        get(all, "/balloon/hinting/status", "/mmds", "/hotplug/memory");
        put(all, "/actions InstanceStart", "{\"action_type\": \"InstanceStart\"}");
        put(all, "/actions FlushMetrics", "{\"action_type\": \"FlushMetrics\"}");
        put(all, "/actions SendCtrlAltDel", "{\"action_type\": \"SendCtrlAltDel\"}");
        put(all, "/balloon", "{\"amount_mib\": 2, \"deflate_on_oom\": true, \"stats_polling_interval_s\": 1}");
        put(all, "/boot-source", "{\"kernel_image_path\": \"$KERNEL\", \"boot_args\": \"console=ttyS0 pci=off\"}");
        put(all, "/cpu-config", "{\"kvm_capabilities\": [\"!56\"]}");
        put(all, "/drives/{drive_id}", """
                {"drive_id": "new", "path_on_host": "$OTHER", "is_root_device": false, "is_read_only": true}""");
        put(all, "/entropy", "{\"rate_limiter\": " + LIMITER + "}");
        put(all, "/hotplug/memory", "{\"total_size_mib\": 1024}");
        put(all, "/logger", "{\"log_path\": \"$DIR/log\", \"level\": \"Debug\", \"show_level\": true}");
        put(all, "/machine-config", "{\"vcpu_count\": 2, \"mem_size_mib\": 64}");
        put(all, "/metrics", "{\"metrics_path\": \"$DIR/metrics\"}");
        put(all, "/mmds", "{\"latest\": {\"meta-data\": {\"ami-id\": \"ami-12345678\"}}}");
        put(all, "/mmds/config", "{\"version\": \"V2\", \"network_interfaces\": [\"eth0\"]}");
        put(all, "/network-interfaces/{iface_id}", """
                {"iface_id": "new", "host_dev_name": "$TAP2", "guest_mac": "06:00:00:00:00:02", "mtu": 1400}""");
        put(all, "/pmem/{id}", "{\"id\": \"new\", \"path_on_host\": \"$OTHER\"}");
        put(all, "/serial", "{\"serial_out_path\": \"$DIR/serial\"}");
        put(all, "/snapshot/create", "{\"snapshot_path\": \"$DIR/state\", \"mem_file_path\": \"$DIR/memory\"}");
        put(all, "/snapshot/load", """
                {"snapshot_path": "$DIR/state", "mem_backend": {"backend_type": "File", "backend_path": "$DIR/memory"}}""");
        put(all, "/vsock", "{\"guest_cid\": 4, \"uds_path\": \"$DIR/v.sock\"}");
        patch(all, "/balloon", "{\"amount_mib\": 3}");
        patch(all, "/balloon/statistics", "{\"stats_polling_interval_s\": 2}");
        patch(all, "/balloon/hinting/start", "{\"acknowledge_on_stop\": true}");
        patch(all, "/balloon/hinting/stop", "");
        patch(all, "/drives/{drive_id}", "{\"drive_id\": \"data\", \"path_on_host\": \"$OTHER\"}");
        patch(all, "/hotplug/memory", "{\"requested_size_mib\": 128}");
        patch(all, "/machine-config", "{\"mem_size_mib\": 128}");
        patch(all, "/mmds", "{\"more\": null}");
        patch(all, "/network-interfaces/{iface_id}", "{\"iface_id\": \"eth0\", \"rx_rate_limiter\": " + LIMITER + "}");
        patch(all, "/pmem/{id}", "{\"id\": \"eth0\", \"rate_limiter\": " + LIMITER + "}");
        patch(all, "/vm Paused", "{\"state\": \"Paused\"}");
        patch(all, "/vm Resumed", "{\"state\": \"Resumed\"}");
        delete(all, "/drives/{drive_id}", "/network-interfaces/{iface_id}", "/pmem/{id}");
        return all;
    }

    private static void get(Map<String, Example> all, String... paths) {
        for (String path : paths) {
            all.put("GET " + path, new Example("GET", path, ""));
        }
    }

    /** Of what is not there yet. */
    private static void put(Map<String, Example> all, String name, String body) {
        String path = name.split(" ", 2)[0].replaceAll("\\{.*}", "new");
        all.put("PUT " + name, new Example("PUT", path, body));
    }

    /** Of what there is. */
    private static void patch(Map<String, Example> all, String name, String body) {
        all.put("PATCH " + name, new Example("PATCH", existing(name.split(" ", 2)[0]), body));
    }

    private static void delete(Map<String, Example> all, String... names) {
        for (String name : names) {
            all.put("DELETE " + name, new Example("DELETE", existing(name), ""));
        }
    }

    private static String existing(String template) {
        return template.replace("{drive_id}", "data").replaceAll("\\{.*}", "eth0");
    }
}
