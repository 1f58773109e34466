package dev.lull.agent.control.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lull.agent.control.conformance.Requests.Example;
import dev.lull.agent.control.http.UnixClient.Answer;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every request of Firecracker's in every phase of a machine's life is answered as {@code docs/firecracker-compatibility.md}
 * says: through the server, by a machine that runs.
 */
@Requires({Facility.KVM, Facility.ROOT})
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PathsConformanceTest {
    private static final List<String> METHODS = List.of("GET", "PUT", "PATCH", "DELETE");

    /** What Firecracker's code understands though its swagger does not: it reads no further than {@code /mmds}. */
    private static final Set<String> READ_NO_FURTHER = Set.of("GET /mmds/config", "PATCH /mmds/config");

    @TempDir
    private static Path directory;

    private static TestBench bench;

    private static ApiDescription description;

    @BeforeAll
    static void prepare() throws IOException, InterruptedException {
        description = ApiDescription.read();
        bench = new TestBench(directory);
    }

    @AfterAll
    static void cleanUp() throws IOException, InterruptedException {
        bench.close();
    }

    @Test
    void theDocumentHasEveryRequestOfFirecrackers() throws IOException {
        assertThat(CompatibilityDocument.rows())
                .extracting(CompatibilityDocument.Row::name)
                .containsExactlyInAnyOrderElementsOf(Requests.all().keySet());
    }

    @Test
    void theDescriptionOfTheHostsApiHasThemToo() {
        Set<String> described = description.requests().stream()
                .filter(request -> request.contains(" /vms/{id}/"))
                .map(request -> request.replace("/vms/{id}", "").replace("{pmem_id}", "{id}"))
                .collect(Collectors.toSet());
        described.removeAll(Set.of(
                "PUT /stop",
                "GET /histograms",
                "GET /histograms/{name}",
                "GET /idle",
                "PUT /idle/tasks",
                "DELETE /idle/tasks/{task_id}",
                "GET /counter",
                "PATCH /counter"));
        assertThat(described)
                .isEqualTo(Requests.all().keySet().stream()
                        .map(name -> name.replaceFirst("^(\\S+ \\S+) .*", "$1"))
                        .collect(Collectors.toSet()));
    }

    @TestFactory
    Stream<DynamicNode> requestsAreAnsweredAsTheDocumentSays() throws IOException {
        List<CompatibilityDocument.Row> rows = CompatibilityDocument.rows();
        return Stream.of(Phase.values())
                .map(phase -> dynamicContainer(
                        phase.title(), rows.stream().map(row -> dynamicTest(row.name(), () -> check(row, phase)))));
    }

    @TestFactory
    Stream<DynamicNode> otherMethodsAreRefused() {
        return Stream.of(Phase.values())
                .map(phase -> dynamicTest(phase.title(), () -> {
                    try (TestedVm vm = bench.machine(phase)) {
                        for (Example other : otherMethods()) {
                            refuses(vm, other);
                        }
                    }
                }));
    }

    private static void check(CompatibilityDocument.Row row, Phase phase) throws IOException, InterruptedException {
        Example example = Requests.all().get(row.name());
        try (TestedVm vm = bench.machine(phase)) {
            List<String> before = vm.everything();
            Answer answer = vm.send(example.method(), example.path(), bench.expand(example.body()));
            description.check(example.method(), "/vms/vm" + example.path(), bench.expand(example.body()), answer);
            Answers.check(answer, row.answers().get(phase));
            if (answer.status() >= 400) {
                assertThat(vm.everything()).isEqualTo(before);
            }
            assertThat(answer.headers()).doesNotContainKey("deprecation");
            assertThat(vm.state()).isEqualTo(stateAfter(row.name(), answer, phase));
        }
    }

    private static String stateAfter(String name, Answer answer, Phase phase) {
        if (answer.status() >= 400) {
            return phase.state();
        }
        return switch (name) {
            case "PUT /actions InstanceStart", "PATCH /vm Resumed" -> "Running";
            case "PATCH /vm Paused" -> "Paused";
            default -> phase.state();
        };
    }

    /** Of each path, the methods that no request has there. */
    private static List<Example> otherMethods() {
        List<String> known = Requests.all().values().stream()
                .map(example -> example.method() + " " + example.path().replaceAll("/(data|eth0|new)$", "/id"))
                .toList();
        List<Example> others = new ArrayList<>();
        for (String path : Requests.paths()) {
            for (String method : METHODS) {
                String request = method + " " + path.replaceAll("/(data|eth0|new)$", "/id");
                if (!known.contains(request) && !READ_NO_FURTHER.contains(request)) {
                    others.add(new Example(method, path, method.startsWith("P") ? "{}" : ""));
                }
            }
        }
        return others;
    }

    private static void refuses(TestedVm vm, Example request) throws IOException {
        List<String> before = vm.everything();
        Answer answer = vm.send(request.method(), request.path(), request.body());
        assertThat(answer.status()).as("%s: %s", request, answer.body()).isEqualTo(400);
        assertThat(Answers.faultMessage(answer)).isNotBlank();
        assertThat(vm.everything()).as("after %s", request).isEqualTo(before);
    }
}
