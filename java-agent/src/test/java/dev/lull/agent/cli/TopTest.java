package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.json.JsonObject;
import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code lull top} beside a {@code lulld} whose guests do what they can. */
@Requires(Facility.KVM)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TopTest {
    @TempDir
    private Path directory;

    @Test
    void showsWhatMachinesDo() throws Exception {
        try (TestDaemon lulld = TestDaemon.start(directory)) {
            String spin = Payload.SPIN.toString();
            String hang = BareKernel.HANG.in(directory).toString();
            lulld.out("vm", "create", "spin1", "--kernel", spin, "--memory", "64M", "--start");
            lulld.out("vm", "create", "rest1", "--kernel", hang, "--memory", "64M", "--start");
            lulld.out("vm", "create", "off1", "--kernel", spin, "--memory", "64M");

            List<String> lines =
                    lulld.out("top", "--once", "--width", "80").lines().toList();
            assertThat(lines.get(0))
                    .matches("..:..:..  3 machines, 2 on  CPU \\d+\\.\\d% of \\d+00%  memory .*M of 128M");
            assertThat(lines.get(1)).matches("ID +S +CPU% +EXITS/s .* P99");
            assertThat(lines.get(2)).matches("spin1 +R +\\d+\\.\\d +\\d+(\\.\\d+)?k? .*M/64\\.0M +-");
            assertThat(lines.get(3)).matches("rest1 +R +0\\.\\d +0 .*M/64\\.0M +-");
            assertThat(lines.get(4)).matches("off1 +N +- +- .* -/64\\.0M +-");

            JsonObject page = JsonObject.parse(lulld.out("top", "--json", "--iterations", "1", "--sort", "exits")
                    .getBytes(StandardCharsets.UTF_8));
            JsonObject first = page.objects("vms").getFirst();
            assertThat(first.string("id")).isEqualTo("spin1");
            assertThat(first.integer("memory_bytes", 0, Long.MAX_VALUE)).isEqualTo(64 << 20);
            assertThat(lulld.out("top", "--iterations", "2", "--interval", "100ms")
                            .lines())
                    .hasSize(2 * 5 + 1);
        }
    }

    @Test
    void aTerminalIsDrawnOnUntilTheUserLeaves() throws Exception {
        try (TestDaemon lulld = TestDaemon.start(directory)) {
            lulld.out("vm", "create", "spin1", "--kernel", Payload.SPIN.toString(), "--memory", "64M", "--start");
            StringBuilder command = new StringBuilder("stty rows 12 columns 90; before=$(stty -g); ");
            for (String word : Lull.command("top", "--socket", lulld.socket().toString())) {
                command.append('\'').append(word).append("' ");
            }
            command.append("; echo status $?; [ \"$before\" = \"$(stty -g)\" ] && echo same || echo changed");
            Process script = new ProcessBuilder("script", "-q", "-e", "-f", "-c", command.toString(), "/dev/null")
                    .redirectErrorStream(true)
                    .start();
            Screen screen = new Screen(script);
            screen.await("\u001b[?1049h");
            screen.await("[c cpu]");
            screen.await("spin1");
            screen.type("e");
            screen.await("[e exits]");
            screen.type("q");
            screen.await("\u001b[?1049l");
            screen.await("status 0");
            screen.await("same");
        }
    }

    @Test
    void whatCannotBeIsSaid() {
        Lull.Result result =
                Lull.run("top", "--once", "--socket", directory.resolve("none").toString());
        assertThat(result.err())
                .startsWith("lull: lulld is not running (no ")
                .endsWith("in a checkout: ./lull daemon\n");
        assertThat(result.status()).isEqualTo(1);
    }

    /** What a program writes to its terminal, and what is typed there. */
    private record Screen(Process process) {
        void await(String text) throws java.io.IOException {
            StringBuilder seen = new StringBuilder();
            while (seen.indexOf(text) < 0) {
                int next = process.getInputStream().read();
                assertThat(next).as("after '%s'", seen).isNotNegative();
                seen.append((char) next);
            }
        }

        void type(String keys) throws java.io.IOException {
            process.getOutputStream().write(keys.getBytes(StandardCharsets.US_ASCII));
            process.getOutputStream().flush();
        }
    }
}
