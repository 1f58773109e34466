package dev.lull.agent.control.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lull.agent.control.conformance.RequestsResource.Check;
import dev.lull.agent.control.conformance.RequestsResource.Exchange;
import dev.lull.agent.control.conformance.RequestsResource.Story;
import dev.lull.agent.control.http.UnixClient.Answer;
import dev.lull.agent.json.Json;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The requests of the resource {@code requests.txt}, well-formed and malformed, are answered as it says. */
@Requires({Facility.KVM, Facility.ROOT})
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BodiesConformanceTest {
    /** Of what HTTP itself refuses, before it is a request of the dialect. */
    private static final String HTTP = "http: ";

    /** Where the host's API has a machine's. */
    private static final String VM = "/vms/vm";

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

    @TestFactory
    Stream<DynamicNode> requestsAreAnsweredAsTheResourceSays() throws IOException {
        Map<String, List<Story>> chapters = RequestsResource.stories().stream()
                .collect(Collectors.groupingBy(Story::chapter, LinkedHashMap::new, Collectors.toList()));
        return chapters.entrySet().stream()
                .map(chapter -> dynamicContainer(
                        chapter.getKey(),
                        chapter.getValue().stream().map(story -> dynamicTest(title(story), () -> play(story)))));
    }

    private static String title(Story story) {
        Exchange first = story.exchanges().getFirst();
        String more = story.exchanges().size() == 1
                ? ""
                : " and " + (story.exchanges().size() - 1) + " more";
        return first.method() + " " + first.path() + " " + first.body() + more;
    }

    private static void play(Story story) throws IOException, InterruptedException {
        try (TestedVm vm = story.bare() ? bench.bareMachine() : bench.machine(story.phase())) {
            for (Exchange exchange : story.exchanges()) {
                play(vm, exchange);
            }
        }
    }

    private static void play(TestedVm vm, Exchange exchange) throws IOException {
        if (exchange.words().startsWith(HTTP)) {
            checkHttpRefusal(vm, exchange);
            return;
        }
        List<String> before = vm.everything();
        Answer answer = vm.send(exchange.method(), exchange.path(), bench.expand(exchange.body()));
        description.check(exchange.method(), VM + exchange.path(), bench.expand(exchange.body()), answer);
        String what = exchange.method() + " " + exchange.path() + " " + exchange.body() + ": " + answer;
        assertThat(answer.status()).as(what).isEqualTo(exchange.status());
        if (exchange.deprecated()) {
            assertThat(answer.headers()).as(what).containsEntry("deprecation", "true");
        } else {
            assertThat(answer.headers()).as(what).doesNotContainKey("deprecation");
        }
        if (answer.status() < 400) {
            Answers.checkSuccess(answer, answer.status());
            if (!exchange.words().isEmpty()) {
                assertThat(Json.parse(answer.body())).as(what).isEqualTo(Json.parse(exchange.words()));
            }
        } else {
            assertThat(Answers.faultMessage(answer)).contains(bench.expand(exchange.words()));
            assertThat(vm.everything()).as(what).isEqualTo(before);
        }
        for (Check check : exchange.checks()) {
            assertThat(JsonPointer.of(vm.get("/vm/config"), check.pointer()))
                    .as("%s after %s", check.pointer(), what)
                    .isEqualTo(Json.parse(bench.expand(check.value())));
        }
    }

    /** It is not told as the dialect's refusals are, and the connection ends. */
    private static void checkHttpRefusal(TestedVm vm, Exchange exchange) throws IOException {
        Answer answer = vm.send(exchange.method(), exchange.path(), bench.expand(exchange.body()));
        assertThat(answer.status()).isEqualTo(exchange.status());
        assertThat(Json.parse(answer.body()))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.MAP)
                .hasSize(1)
                .hasEntrySatisfying(
                        "error",
                        message -> assertThat(String.valueOf(message))
                                .startsWith(exchange.words().substring(HTTP.length())));
    }
}
