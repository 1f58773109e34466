package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.cli.Lull;
import dev.lull.agent.control.daemon.LulldProcess;
import dev.lull.agent.json.Json;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code lull top} tells ten guests apart that each do something else. What it showed becomes {@code lull-top.txt} in the
 * directory {@code -Dlull.captures}: that is {@code docs/lull-top.txt}.
 */
@Tag("lab")
@Timeout(value = 40, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM, Facility.ROOT})
class TopTest {
    private static final int MEMORY_MIB = 160;
    private static final int DISK_MIB = 16;
    private static final String HOST = "10.79.%d.1";
    private static final int PORT = 5300;
    private static final int WIDTH = 80;

    /** Of each kind. */
    private static final int COUNT = 2;

    /** These rest, but that the first says something now and then. */
    private static final List<String> RESTING = List.of("log1", "dns1", "mail1", "mail2");

    private static final int MAX_LOOKS = 20;

    private final Map<String, HostedGuest> guests = new HashMap<>();
    private final List<Process> servers = new ArrayList<>();

    @TempDir
    private Path directory;

    @Test
    void tenGuestsAreToldApart() throws Exception {
        Host.run("modprobe", "tun");
        try (LulldProcess lulld = LulldProcess.start(directory)) {
            for (int number = 1; number <= COUNT; number++) {
                start(lulld, "db" + number, disk("db" + number));
                start(lulld, "web" + number, network(number));
                start(lulld, "build" + number, Map.of());
            }
            for (String id : RESTING) {
                start(lulld, id, Map.of());
            }
            for (HostedGuest guest : guests.values()) {
                guest.awaitBoot();
            }
            load();
            Map<String, Map<?, ?>> rows = look();
            for (int look = 1; look < MAX_LOOKS && !isAsExpected(rows); look++) {
                rows = look();
            }
            assertAsExpected(rows);
            capture();
        } finally {
            servers.forEach(Process::destroy);
            for (HostedGuest guest : guests.values()) {
                guest.close();
            }
        }
    }

    private void load() throws IOException {
        for (int number = 1; number <= COUNT; number++) {
            servers.add(Host.iperfServer(PORT + number));
            String copy = number == 1
                    ? "dd if=/dev/vdb of=/dev/null bs=4k iflag=direct"
                    : "dd if=/dev/zero of=/dev/vdb bs=64k oflag=direct";
            guests.get("db" + number).begin("while :; do " + copy + "; done >/dev/null 2>&1 &");
            guests.get("web" + number)
                    .begin(
                            "modprobe virtio_net",
                            "ip address add 10.79.%d.2/24 dev eth0".formatted(number),
                            "ip link set eth0 up",
                            "iperf3 --client %s --port %d --bidir --bitrate 2M --time 10000 >/dev/null &"
                                    .formatted(HOST.formatted(number), PORT + number));
            guests.get("build" + number).begin("while :; do :; done &");
        }
        guests.get("log1").begin("while sleep 1; do echo all is well; done &");
    }

    private static boolean isAsExpected(Map<String, Map<?, ?>> rows) {
        try {
            assertAsExpected(rows);
            return true;
        } catch (AssertionError e) {
            return false;
        }
    }

    private static void assertAsExpected(Map<String, Map<?, ?>> rows) {
        assertThat(rows).hasSize(3 * COUNT + RESTING.size());
        assertThat(rate(rows, "db1", "disk_read_bytes_per_second")).isPositive();
        assertThat(rate(rows, "db1", "disk_write_bytes_per_second")).isZero();
        assertThat(String.valueOf(rows.get("db1").get("p99_nanos"))).contains("drive-data.read=");
        assertThat(rate(rows, "log1", "exits_per_second")).isPositive();
        assertThat(rate(rows, "db2", "disk_write_bytes_per_second")).isPositive();
        for (int number = 1; number <= COUNT; number++) {
            assertThat(rate(rows, "web" + number, "net_receive_requests_per_second"))
                    .isPositive();
            assertThat(rate(rows, "web" + number, "net_transmit_requests_per_second"))
                    .isPositive();
            for (String resting : RESTING) {
                assertThat(rate(rows, "build" + number, "busy_percent"))
                        .isGreaterThan(rate(rows, resting, "busy_percent"));
            }
        }
        for (String id : rows.keySet()) {
            assertThat(rate(rows, id, "memory_resident_bytes"))
                    .isBetween(10.0 * (1 << 20), (double) MEMORY_MIB * (1 << 20));
        }
    }

    private static double rate(Map<String, Map<?, ?>> rows, String id, String name) {
        assertThat(rows.get(id).get(name)).as("%s of %s", name, id).isInstanceOf(Number.class);
        return ((Number) rows.get(id).get(name)).doubleValue();
    }

    private Map<String, Map<?, ?>> look() throws IOException, InterruptedException {
        Map<String, Map<?, ?>> rows = new HashMap<>();
        Map<?, ?> page = (Map<?, ?>) Json.parse(top("--json"));
        for (Object vm : (List<?>) page.get("vms")) {
            Map<?, ?> row = (Map<?, ?>) vm;
            rows.put(String.valueOf(row.get("id")), row);
        }
        return rows;
    }

    private void capture() throws IOException, InterruptedException {
        StringBuilder shown = new StringBuilder();
        for (String key : List.of("cpu", "disk")) {
            String page = top("--width", Integer.toString(WIDTH), "--sort", key);
            assertThat(page.lines()).hasSize(2 + guests.size()).allMatch(line -> line.length() <= WIDTH);
            shown.append("$ lull top --once --width %d --sort %s%n%s%n".formatted(WIDTH, key, page));
        }
        String directory = System.getProperty("lull.captures");
        if (directory != null) {
            Files.writeString(Path.of(directory, "lull-top.txt"), shown);
        }
        System.out.print(shown);
    }

    private String top(String... more) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(Lull.command(
                "top", "--once", "--socket", LulldProcess.socket(directory).toString()));
        command.addAll(List.of(more));
        return Host.run(command.toArray(String[]::new)) + "\n";
    }

    private void start(LulldProcess lulld, String id, Map<String, Object> more) throws IOException {
        guests.put(id, HostedGuest.start(lulld.client(), id, MEMORY_MIB, more));
    }

    private Map<String, Object> disk(String name) throws IOException {
        String image = DebianGuest.image(directory, name, DISK_MIB).toString();
        return Map.of(
                "drives",
                List.of(
                        HostedGuest.drive("root", LabKernels.debian("disk.img").toString(), true),
                        HostedGuest.drive("data", image, false)));
    }

    private static Map<String, Object> network(int number) throws IOException, InterruptedException {
        String tap = "lull-top" + number;
        Host.run("ip", "tuntap", "add", tap, "mode", "tap");
        Host.run("ip", "address", "add", HOST.formatted(number) + "/24", "dev", tap);
        Host.run("ip", "link", "set", tap, "up");
        return Map.of("network-interfaces", List.of(Map.of("iface_id", "eth0", "host_dev_name", tap)));
    }
}
