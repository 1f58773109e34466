package dev.lull.agent.control.daemon;

import dev.lull.agent.control.conformance.ApiDescription;
import dev.lull.agent.control.conformance.Requests;
import dev.lull.agent.control.conformance.RequestsResource;
import dev.lull.agent.control.conformance.TestBench;
import dev.lull.agent.control.http.HttpRequest;
import dev.lull.agent.control.http.HttpResponse;
import dev.lull.agent.control.http.Peer;
import dev.lull.agent.control.http.UnixClient.Answer;
import dev.lull.agent.control.vm.IdleTime;
import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonFormatException;
import dev.lull.agent.metrics.CountersRefresher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A client of lulld's API that sends damaged requests, of the host and of a machine's dialect, one after the other. Whatever
 * they are, each is answered once, in JSON and with a status that the API names; one that is refused says why in one line and
 * leaves everything as it was; now and then requests and answers are held against the API's description of itself.
 *
 * <p>All is real but two: there is no HTTP between client and router, and no guest, as the kernels to boot are none, so
 * that a start is refused. What names a file outside the test's directory is not sent: lulld would make log files of it.
 */
final class DialectFuzzTarget {
    /** So often the machine is made anew. */
    private static final int PERIOD = 256;

    private static final int DESCRIBED_PERIOD = 16;
    private static final int MAX_VMS = 4;
    private static final int MAX_BODY_BYTES = 51_200;
    private static final String VM = "/vms/vm";
    private static final Set<Integer> STATUSES = Set.of(200, 201, 204, 400, 404, 405, 409, 413);

    private static final List<String> OF_HOST = List.of(
            "GET / ",
            "GET /vms ",
            "GET /metrics ",
            "GET /idle ",
            "GET /vms/vm/idle ",
            "PUT /vms/vm/idle/tasks {\"task\": \"fingerprints\", \"base_path\": \"$DATA\", \"priority\": 1, \"deadline_ms\": 5}",
            "DELETE /vms/vm/idle/tasks/1 ",
            "GET /events ",
            "GET /openapi.json ",
            "GET /vms/vm ",
            "DELETE /vms/vm ",
            "DELETE /vms/other ",
            "PUT /vms/vm/stop {\"grace_ms\": 10}",
            "GET /vms/vm/histograms ",
            "GET /vms/vm/histograms/drive-data.read ",
            "GET /vms/vm/histograms/drive-data.read?format=hlog ",
            "PUT /vms/other ",
            "PUT /vms/other?start=true {\"boot-source\": {\"kernel_image_path\": \"$DATA\"}}");

    private static final String DOCUMENT = """
            {"machine-config": {"vcpu_count": 1, "mem_size_mib": 64},
            "boot-source": {"kernel_image_path": "$DATA", "boot_args": "quiet"},
            "drives": [{"drive_id": "root", "path_on_host": "$ROOT", "is_root_device": true, "is_read_only": true},
            {"drive_id": "data", "path_on_host": "$DATA", "is_root_device": false, "rate_limiter":
            {"ops": {"size": 100, "refill_time": 1000}}}],
            "network-interfaces": [{"iface_id": "eth0", "host_dev_name": "$TAP", "guest_mac": "06:00:00:00:00:01"}],
            "vsock": {"guest_cid": 3, "uds_path": "$DIR/vsock"},
            "balloon": {"amount_mib": 1, "deflate_on_oom": true, "stats_polling_interval_s": 1},
            "entropy": {}, "mmds-config": {"version": "V2", "network_interfaces": ["eth0"]}}""";

    private final Path directory;
    private final Path run;
    private final TestBench bench;
    private volatile Thread client = Thread.currentThread();
    private final CountersRefresher counters = new CountersRefresher(warning -> {});
    private final IdleTime idle = new IdleTime();
    private final Vms vms;
    private final HostRouter router;
    private final ApiDescription description = ApiDescription.read();
    private final List<DamagedRequest> whole;
    private final DamagedRequest machine;
    private final Set<Path> files;
    private final List<DamagedRequest> sent = new ArrayList<>();
    private List<String> state = List.of();
    private final int[] answered = new int[600];
    private long withheld;
    private long inputs;

    /** @param directory for files and sockets, with a short name */
    DialectFuzzTarget(Path directory) throws IOException, InterruptedException {
        this.directory = Files.createDirectory(directory.resolve("files"));
        run = directory.resolve("run");
        bench = new TestBench(this.directory);
        ExecutorService workers = bench.workers();
        LulldConfig config = new LulldConfig(run, run.resolve("sock"), "", "error", MAX_VMS, MAX_BODY_BYTES, 0);
        Host host = new Host(config, bench.loop(), task -> execute(workers, task), new Events(), counters, idle);
        vms = new Vms(host);
        vms.reconcile();
        router = new HostRouter(host, vms, UUID.randomUUID());
        whole = corpus();
        machine = expanded(request("PUT " + VM + " " + DOCUMENT));
        files = Set.copyOf(entries(this.directory));
        renew();
    }

    /** What a client sends is done before the next; what else waits, as a machine's end, is not the client's to do. */
    private void execute(ExecutorService workers, Runnable task) {
        if (Thread.currentThread().equals(client)) {
            task.run();
        } else {
            workers.execute(task);
        }
    }

    /** As {@link #run}, with a machine that nothing was asked of before. */
    void runAlone(byte[] input) {
        client = Thread.currentThread();
        renew();
        run(input);
    }

    /** Sends what {@code input} says, and judges the answer. */
    void run(byte[] input) {
        DamagedRequest request = expanded(DamagedRequest.of(whole, input));
        if (!isHarmless(request.body())) {
            withheld++;
            return;
        }
        inputs++;
        if (sent.size() == PERIOD) {
            renew();
        }
        sent.add(request);
        try {
            HttpResponse response = send(request);
            judge(request, response);
        } catch (RuntimeException | Error e) {
            throw new AssertionError(request + "\nafter " + sent, e);
        }
    }

    private void judge(DamagedRequest request, HttpResponse response) {
        int status = response.status();
        answered[status]++;
        if (!STATUSES.contains(status)) {
            throw new AssertionError("answered " + response(response));
        }
        if (status == 204 ? response.body().length > 0 : response.body().length == 0) {
            throw new AssertionError("a body or none: " + response(response));
        }
        Object value = response.contentType().equals("application/json") ? Json.parse(response.body()) : null;
        if (status >= 400 && !isFault(value)) {
            throw new AssertionError("refused with " + response(response));
        }
        if (inputs % DESCRIBED_PERIOD == 0) {
            describe(request, response);
        }
        List<String> now = state();
        if (status < 400 && !request.method().equals("GET")) {
            state = now;
            if (status == 204 && request.method().equals("DELETE") && vms.all().isEmpty()) {
                renew();
            }
        } else if (!now.equals(state)) {
            throw new AssertionError("answered " + response(response) + "\nwas " + state + "\nis  " + now);
        }
    }

    private void describe(DamagedRequest request, HttpResponse response) {
        String body = new String(request.body(), StandardCharsets.UTF_8);
        boolean isText = Arrays.equals(body.getBytes(StandardCharsets.UTF_8), request.body());
        Answer answer = new Answer(
                response.status(),
                Map.of("content-type", response.contentType()),
                new String(response.body(), StandardCharsets.UTF_8));
        if (isText && !request.method().equals("put")) {
            description.check(request.method(), request.target().split("\\?", 2)[0], body, answer);
        }
    }

    private static boolean isFault(@Nullable Object value) {
        return value instanceof Map<?, ?> members
                && members.size() == 1
                && members.get("fault_message") instanceof String message
                && !message.isBlank()
                && message.indexOf('\n') < 0;
    }

    /** A new machine, and no others; nothing is left of the old ones. */
    private void renew() {
        for (HostedVm vm : List.copyOf(vms.all())) {
            demand(new DamagedRequest("DELETE", "/vms/" + vm.vm().id(), new byte[0]), 204);
        }
        try {
            if (!entries(run.resolve("vms")).isEmpty()) {
                throw new AssertionError("left: " + entries(run.resolve("vms")));
            }
            for (Path file : entries(directory)) {
                if (!files.contains(file)) {
                    Files.delete(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        sent.clear();
        demand(machine, 201);
        demand(request("PUT " + VM + "/mmds {\"name\": \"tested\"}"), 204);
        state = state();
    }

    private List<String> state() {
        return Stream.of("/vms", VM + "/vm/config", VM + "/mmds")
                .map(path -> response(send(new DamagedRequest("GET", path, new byte[0]))))
                .toList();
    }

    private void demand(DamagedRequest request, int status) {
        HttpResponse response = send(request);
        if (response.status() != status) {
            throw new AssertionError(request + " answered " + response(response));
        }
    }

    private HttpResponse send(DamagedRequest request) {
        String[] target = request.target().split("\\?", 2);
        OneAnswer answer = new OneAnswer();
        router.handle(
                new HttpRequest(
                        request.method(),
                        target[0],
                        target.length == 2 ? target[1] : "",
                        Map.of(),
                        request.body(),
                        Peer.UNKNOWN),
                answer);
        return answer.get();
    }

    private static String response(HttpResponse response) {
        return response.status() + " " + new String(response.body(), StandardCharsets.UTF_8);
    }

    /** Whether all files it names are the test's. */
    private boolean isHarmless(byte[] body) {
        String text = new String(body, StandardCharsets.ISO_8859_1);
        if (!text.contains("path") && !text.contains("\\u")) {
            return true;
        }
        try {
            return isHarmless("", Json.parse(body));
        } catch (JsonFormatException e) {
            return true;
        }
    }

    private boolean isHarmless(String name, @Nullable Object value) {
        return switch (value) {
            case Map<?, ?> members ->
                members.entrySet().stream()
                        .allMatch(member -> isHarmless(String.valueOf(member.getKey()), member.getValue()));
            case List<?> elements -> elements.stream().allMatch(element -> isHarmless(name, element));
            case String text when name.contains("path") -> isInside(text);
            case null, default -> true;
        };
    }

    private boolean isInside(String text) {
        try {
            Path path = Path.of(text);
            return path.isAbsolute() && path.normalize().startsWith(directory);
        } catch (InvalidPathException e) {
            return true;
        }
    }

    private List<DamagedRequest> corpus() throws IOException {
        List<DamagedRequest> requests = new ArrayList<>();
        OF_HOST.forEach(line -> requests.add(request(line)));
        requests.add(request("PUT /vms/other " + DOCUMENT));
        for (Requests.Example example : Requests.all().values()) {
            requests.add(request(example.method() + " " + VM + example.path() + " " + example.body()));
        }
        for (RequestsResource.Story story : RequestsResource.stories()) {
            for (RequestsResource.Exchange exchange : story.exchanges()) {
                if (!exchange.body().equals("$BIG")
                        && !exchange.body().equals("$HUGE")
                        && !exchange.path().contains("$")) {
                    requests.add(request(exchange.method() + " " + VM + exchange.path() + " " + exchange.body()));
                }
            }
        }
        return requests;
    }

    /** There is no kernel here: a file that is none will do. */
    private static DamagedRequest request(String line) {
        String[] words = line.replace("$KERNEL", "$DATA").split(" ", 3);
        return new DamagedRequest(words[0], words[1], words[2].getBytes(StandardCharsets.UTF_8));
    }

    /** Files have other names each time, so they are put in when the damage is done. */
    private DamagedRequest expanded(DamagedRequest request) {
        String body = new String(request.body(), StandardCharsets.ISO_8859_1);
        return body.indexOf('$') < 0
                ? request
                : new DamagedRequest(
                        request.method(), request.target(), bench.expand(body).getBytes(StandardCharsets.ISO_8859_1));
    }

    private static List<Path> entries(Path directory) throws IOException {
        try (Stream<Path> paths = Files.list(directory)) {
            return paths.toList();
        }
    }

    /** Whether requests were done as well as refused, for each reason there is. */
    boolean wentDeep() {
        return STATUSES.stream().filter(status -> status != 413).allMatch(status -> answered[status] > 0);
    }

    String summary() {
        StringBuilder summary = new StringBuilder(inputs + " requests; answers");
        for (int status = 0; status < answered.length; status++) {
            if (answered[status] > 0) {
                summary.append(" %d: %d,".formatted(status, answered[status]));
            }
        }
        return summary + " " + withheld + " withheld";
    }

    /** Stops all, and leaves nothing. */
    void close() throws IOException, InterruptedException {
        vms.stopAll(Duration.ZERO);
        counters.close();
        idle.close();
        bench.close();
        if (!entries(run.resolve("vms")).isEmpty()) {
            throw new AssertionError("left: " + entries(run.resolve("vms")));
        }
    }
}
