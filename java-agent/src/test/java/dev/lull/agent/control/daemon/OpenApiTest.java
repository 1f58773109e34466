package dev.lull.agent.control.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.control.conformance.ApiDescription;
import dev.lull.agent.control.http.UnixClient;
import dev.lull.agent.control.http.UnixClient.Answer;
import dev.lull.agent.idle.TaskKind;
import dev.lull.agent.json.Json;
import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the host's API says of itself is true of a daemon that runs. */
@Requires(Facility.KVM)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OpenApiTest {
    private static final Set<String> HOST_ROUTES = Set.of(
            "GET /",
            "GET /openapi.json",
            "GET /metrics",
            "GET /idle",
            "GET /events",
            "GET /vms",
            "GET /vms/{id}",
            "PUT /vms/{id}",
            "DELETE /vms/{id}",
            "PUT /vms/{id}/stop",
            "GET /vms/{id}/histograms",
            "GET /vms/{id}/histograms/{name}");

    private static final List<String> METHODS = List.of("GET", "PUT", "PATCH", "DELETE", "POST");

    @TempDir
    private static Path directory;

    private static LulldProcess lulld;
    private static ApiDescription description;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        description = ApiDescription.read();
        Files.write(directory.resolve("data.img"), new byte[1 << 20]);
        lulld = LulldProcess.start(directory);
    }

    @AfterAll
    static void stop() {
        lulld.close();
    }

    @Test
    void hasEveryRouteOfTheHosts() {
        assertThat(description.requests().stream()
                        .filter(request -> !request.contains(" /vms/{id}/") || HOST_ROUTES.contains(request)))
                .containsExactlyInAnyOrderElementsOf(HOST_ROUTES);
    }

    @Test
    void everyRequestItHasIsUnderstood() throws IOException {
        create("understood", true);
        String histogram = histogram("understood");
        for (String request : description.requests()) {
            String[] words = request.split(" ", 2);
            boolean ends = words[0].equals("DELETE") || words[1].endsWith("/stop");
            if (ends) {
                create("ending", true);
            }
            String path = words[1].replace("{id}", ends ? "ending" : "understood")
                    .replace("{name}", histogram)
                    .replaceAll("\\{[a-z_]+}", "data");
            Answer answer = path.equals("/events") ? head(path) : send(words[0], path, body(words[0], path));
            assertThat(answer.status()).as("%s: %s", request, answer).isNotIn(404, 405, 500);
            assertThat(answer.body()).as(request).doesNotContain("Invalid request method and/or path");
            description.check(words[0], path, body(words[0], path), answer);
            if (ends) {
                assertThat(send("DELETE", "/vms/ending", "").status()).isIn(204, 404);
            }
        }
        send("DELETE", "/vms/understood", "");
    }

    @Test
    void otherMethodsAreNotAllowedOnTheHostsOwnPaths() throws IOException {
        create("allowed", false);
        for (String route : HOST_ROUTES) {
            String path = route.split(" ", 2)[1];
            for (String method : METHODS) {
                if (!HOST_ROUTES.contains(method + " " + path)) {
                    Answer answer = send(method, path.replace("{id}", "allowed").replace("{name}", "none"), "");
                    assertThat(answer.status())
                            .as("%s %s: %s", method, path, answer)
                            .isEqualTo(405);
                    assertThat(answer.body()).startsWith("{\"fault_message\":");
                }
            }
        }
        send("DELETE", "/vms/allowed", "");
    }

    @Test
    void answersAreAsItSays() throws IOException {
        check("GET", "/", "", 200);
        check("GET", "/vms", "", 200);
        check("GET", "/idle", "", 200);
        check("GET", "/vms/told", "", 404);
        check("PUT", "/vms/told", "{\"boot-source\": 1}", 400);
        check("PUT", "/vms/to.ld", "", 400);
        check("PUT", "/vms/told", configuration(), 201);
        check("PUT", "/vms/told", "", 409);
        check("GET", "/vms/told", "", 200);
        check("GET", "/vms/told/vm/config", "", 200);
        check("GET", "/vms/told/histograms", "", 200);
        check("GET", "/vms/told/histograms/none", "", 404);
        check("PUT", "/vms/told/stop", "", 204);
        check("PUT", "/vms/told/actions", "{\"action_type\": \"InstanceStart\"}", 204);
        check("GET", "/vms", "", 200);
        check("GET", "/vms/told", "", 200);
        check("GET", "/vms/told/histograms", "", 200);
        check("GET", "/vms/told/histograms/" + histogram("told"), "", 200);
        check("GET", "/vms/told/balloon/statistics", "", 200);
        check("GET", "/metrics", "", 200);
        check("GET", "/idle", "", 200);
        check("GET", "/vms/told/idle", "", 400);
        check("PUT", "/vms/told/stop", "{\"grace_ms\": -1}", 400);
        check("PUT", "/vms/told/stop", "{\"grace_ms\": 10000}", 204);
        check("GET", "/vms/told", "", 200);
        assertThat(send("GET", "/vms/told", "").body()).contains("\"kind\":\"POWER_OFF\"");
        check("DELETE", "/vms/told", "", 204);
        check("DELETE", "/vms/told", "", 404);
        Answer log = send("GET", "/openapi.json", "");
        assertThat(Json.parse(log.body())).isInstanceOf(Map.class);
    }

    @Test
    void idleTimeOfAMachineWithPinsIsAsItSays() throws IOException, InterruptedException {
        String config = configuration().replace("\"mem_size_mib\":64", "\"mem_size_mib\":64,\"cpu_pins\":[0]");
        check("PUT", "/vms/idle1", config, 201);
        check("GET", "/vms/idle1/machine-config", "", 200);
        check("GET", "/vms/idle1/idle", "", 400);
        check("PUT", "/vms/idle1/actions", "{\"action_type\": \"InstanceStart\"}", 204);
        check("PUT", "/vms/idle1/idle/tasks", "{\"task\": \"fingerprints\", \"deadline_ms\": 1}", 201);
        check("PUT", "/vms/idle1/idle/tasks", "{\"task\": \"nothing\"}", 400);
        check("PUT", "/vms/idle1/idle/tasks", "{\"task\": \"fingerprints\", \"priority\": 101}", 400);
        check("PUT", "/vms/idle1/idle/tasks", "{\"task\": \"fingerprints\", \"base_path\": \"/none\"}", 400);
        while (!send("GET", "/vms/idle1/idle", "").body().contains("\"done_tasks\":1")) {
            Thread.sleep(20);
        }
        check("GET", "/vms/idle1/idle", "", 200);
        check("GET", "/idle", "", 200);
        assertThat(send("GET", "/metrics", "").body())
                .contains(
                        "lull_idle_tasks_total{end=\"done\",vm=\"idle1\"} 1.0",
                        "lull_idle_worker_cpu_seconds_total{cpu=\"0\"}");
        check("DELETE", "/vms/idle1/idle/tasks/1", "", 204);
        check("DELETE", "/vms/idle1/idle/tasks/none", "", 400);
        check("DELETE", "/vms/idle1/idle/tasks/999", "", 404);
        check("DELETE", "/vms/idle1", "", 204);
    }

    @Test
    void aCounterOfItsOwnFrequencyIsAsItSays() throws IOException {
        String config = configuration().replace("\"mem_size_mib\":64", "\"mem_size_mib\":64,\"counter_hz\":370000000");
        check("PUT", "/vms/counter1", config.replace("370000000", "999"), 400);
        check("PUT", "/vms/counter1", config, 201);
        check("GET", "/vms/counter1/machine-config", "", 200);
        check("GET", "/vms/counter1/counter", "", 400);
        check("PUT", "/vms/counter1/actions", "{\"action_type\": \"InstanceStart\"}", 204);
        check("GET", "/vms/counter1/counter", "", 200);
        check("PATCH", "/vms/counter1/counter", "{\"dilation\": 2.5}", 204);
        check("PATCH", "/vms/counter1/counter", "{\"dilation\": 11}", 400);
        check("PATCH", "/vms/counter1/counter", "{\"dilation\": \"2\"}", 400);
        check("PATCH", "/vms/counter1/counter", "{}", 400);
        check("GET", "/vms/counter1/counter", "", 200);
        assertThat(send("GET", "/vms/counter1/counter", "").body())
                .contains("\"nominal_hz\":370000000", "\"dilation\":2.5", "\"page_gpa\":4294684672");
        check("DELETE", "/vms/counter1", "", 204);
    }

    @Test
    void theTasksItNamesAreThoseThereAre() {
        assertThat(OpenApi.text())
                .contains("\"task\": {\"type\": \"string\", \"enum\": "
                        + Arrays.stream(TaskKind.values())
                                .map(kind -> "\"" + kind + "\"")
                                .toList() + "}");
    }

    @Test
    void aHistogramIsALogToo() throws IOException {
        create("logged", true);
        Answer answer = send("GET", "/vms/logged/histograms/" + histogram("logged") + "?format=hlog", "");
        assertThat(answer.headers()).containsEntry("content-type", "text/plain; charset=utf-8");
        assertThat(answer.body()).contains("#[Histogram log format version");
        assertThat(send("GET", "/vms/logged/histograms/" + histogram("logged") + "?format=csv", "")
                        .status())
                .isEqualTo(400);
        send("DELETE", "/vms/logged", "");
    }

    private static void check(String method, String path, String body, int status) throws IOException {
        Answer answer = send(method, path, body);
        assertThat(answer.status()).as("%s %s: %s", method, path, answer).isEqualTo(status);
        description.check(method, path, body, answer);
    }

    /** With what at least is understood, if it is not valid. */
    private static String body(String method, String path) {
        return switch (method) {
            case "PUT", "PATCH" -> path.equals("/vms/understood") || path.endsWith("/stop") ? "" : "{}";
            default -> "";
        };
    }

    private static void create(String id, boolean start) throws IOException {
        Answer answer = send("PUT", "/vms/" + id + (start ? "?start=true" : ""), configuration());
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    }

    private static String configuration() {
        return Json.text(Map.of(
                "boot-source", Map.of("kernel_image_path", Payload.OBEDIENT.toString()),
                "machine-config", Map.of("vcpu_count", 1, "mem_size_mib", 64),
                "drives",
                        List.of(Map.of(
                                "drive_id",
                                "data",
                                "path_on_host",
                                directory.resolve("data.img").toString(),
                                "is_root_device",
                                false,
                                "is_read_only",
                                true)),
                "balloon",
                        Map.of(
                                "amount_mib",
                                0,
                                "deflate_on_oom",
                                true,
                                "stats_polling_interval_s",
                                1,
                                "free_page_hinting",
                                true),
                "entropy", Map.of()));
    }

    /** The name of one there is. */
    private static String histogram(String id) throws IOException {
        Map<?, ?> answer = (Map<?, ?>)
                Json.parse(send("GET", "/vms/" + id + "/histograms", "").body());
        return ((List<?>) answer.get("histograms"))
                .stream()
                        .map(histogram -> String.valueOf(((Map<?, ?>) histogram).get("name")))
                        .collect(Collectors.toList())
                        .getFirst();
    }

    private static Answer send(String method, String path, String body) throws IOException {
        try (UnixClient client = new UnixClient(LulldProcess.socket(directory))) {
            return client.send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length()
                            + "\r\n\r\n" + body)
                    .read();
        }
    }

    /** Of an answer without an end. */
    private static Answer head(String path) throws IOException {
        try (UnixClient client = new UnixClient(LulldProcess.socket(directory))) {
            return client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    .readHead();
        }
    }
}
