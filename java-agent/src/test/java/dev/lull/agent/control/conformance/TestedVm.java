package dev.lull.agent.control.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.control.http.HttpLimits;
import dev.lull.agent.control.http.HttpServer;
import dev.lull.agent.control.http.UnixClient;
import dev.lull.agent.control.http.UnixClient.Answer;
import dev.lull.agent.control.vm.DialectHandler;
import dev.lull.agent.control.vm.IdleTime;
import dev.lull.agent.control.vm.MicroVm;
import dev.lull.agent.control.vm.SilentObserver;
import dev.lull.agent.control.vm.VmSite;
import dev.lull.agent.json.Json;
import dev.lull.agent.machine.MachineEnd;
import dev.lull.device.legacy.SerialPort;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A virtual machine behind its API, on a Unix socket, with a guest that does what it is asked to. */
final class TestedVm implements AutoCloseable {
    /** A device of each kind, and metadata. */
    private static final List<String> EVERYTHING = List.of(
            "/machine-config {\"vcpu_count\": 1, \"mem_size_mib\": 64}",
            "/boot-source {\"kernel_image_path\": \"$KERNEL\", \"boot_args\": \"quiet\"}",
            "/drives/root {\"drive_id\": \"root\", \"path_on_host\": \"$ROOT\", \"is_root_device\": true, "
                    + "\"is_read_only\": false}",
            "/drives/data {\"drive_id\": \"data\", \"path_on_host\": \"$DATA\", \"is_root_device\": false, "
                    + "\"is_read_only\": false, \"rate_limiter\": {\"ops\": {\"size\": 100, \"refill_time\": 1000}}}",
            "/network-interfaces/eth0 {\"iface_id\": \"eth0\", \"host_dev_name\": \"$TAP\", "
                    + "\"guest_mac\": \"06:00:00:00:00:01\"}",
            "/vsock {\"guest_cid\": 3, \"uds_path\": \"$DIR/vsock\"}",
            "/balloon {\"amount_mib\": 1, \"deflate_on_oom\": true, \"stats_polling_interval_s\": 1, "
                    + "\"free_page_hinting\": true, \"free_page_reporting\": true}",
            "/entropy {}",
            "/mmds/config {\"version\": \"V2\", \"network_interfaces\": [\"eth0\"]}",
            "/mmds {\"name\": \"tested\", \"more\": {\"a\": 1}}");

    private static final Duration GRACE = Duration.ofSeconds(20);
    private static final int SOCKET_MODE = 0600;

    private final TestBench bench;
    private final MicroVm vm;
    private final HttpServer server;
    private final UnixClient client;
    private final StringBuilder console = new StringBuilder();
    private final CountDownLatch listening = new CountDownLatch(1);

    TestedVm(String id, Path socket, TestBench bench) throws IOException {
        this.bench = bench;
        SerialPort.Output output = value -> {
            synchronized (console) {
                console.append((char) value);
                if (value == '\n') {
                    listening.countDown();
                }
            }
        };
        vm = new MicroVm(
                id,
                UUID.randomUUID(),
                new VmSite(output, null, null, bench.workers(), nanos -> {}, new IdleTime(), new SilentObserver()));
        server = HttpServer.listen(bench.loop(), socket, SOCKET_MODE, HttpLimits.ofMachine(), new DialectHandler(vm));
        client = new UnixClient(socket);
    }

    void bringTo(Phase phase) throws IOException, InterruptedException {
        for (String request : EVERYTHING) {
            String[] parts = request.split(" ", 2);
            demand("PUT", parts[0], bench.expand(parts[1]));
        }
        if (phase == Phase.NOT_STARTED) {
            return;
        }
        demand("PUT", "/actions", "{\"action_type\": \"InstanceStart\"}");
        assertThat(listening.await(GRACE.toSeconds(), TimeUnit.SECONDS))
                .as("the guest speaks")
                .isTrue();
        if (phase == Phase.PAUSED) {
            demand("PATCH", "/vm", "{\"state\": \"Paused\"}");
        } else if (phase == Phase.ENDED) {
            vm.stop(GRACE);
            assertThat(vm.lastEnding()).isNotNull();
            assertThat(vm.lastEnding().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF.name());
        }
        assertThat(state()).isEqualTo(phase.state());
    }

    /** Sends a request as it is; an empty body is none. */
    Answer send(String method, String path, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String head = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n"
                + (bytes.length == 0
                        ? ""
                        : "Content-Type: application/json\r\nContent-Length: " + bytes.length + "\r\n")
                + "\r\n";
        byte[] request = Arrays.copyOf(head.getBytes(StandardCharsets.ISO_8859_1), head.length() + bytes.length);
        System.arraycopy(bytes, 0, request, head.length(), bytes.length);
        return client.send(request).read();
    }

    /** What a {@code GET} that must succeed answers. */
    @Nullable
    Object get(String path) throws IOException {
        Answer answer = send("GET", path, "");
        assertThat(answer.status()).as("GET %s: %s", path, answer.body()).isEqualTo(200);
        return Json.parse(answer.body());
    }

    /** The state, as the API tells it. */
    String state() throws IOException {
        return String.valueOf(JsonPointer.of(get("/"), "/state"));
    }

    /** All that can be read of it: a request that is refused must leave it as it was. */
    List<String> everything() throws IOException {
        return List.of(
                send("GET", "/", "").body(),
                send("GET", "/vm/config", "").body(),
                send("GET", "/machine-config", "").body(),
                send("GET", "/balloon", "").body(),
                send("GET", "/mmds", "").body());
    }

    MicroVm vm() {
        return vm;
    }

    @Override
    public void close() throws IOException {
        client.close();
        server.close();
        vm.close();
    }

    private void demand(String method, String path, String body) throws IOException {
        Answer answer = send(method, path, body);
        assertThat(answer.status())
                .as("%s %s %s: %s", method, path, body, answer.body())
                .isEqualTo(204);
    }
}
