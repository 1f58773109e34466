package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code lull run} on a terminal, which {@code script(1)} makes. */
@Requires(Facility.KVM)
@Timeout(60)
class TerminalTest {
    private static final String CTRL_A = "\u0001";
    private static final String CTRL_C = "\u0003";

    @TempDir
    private Path directory;

    private Process script;
    private final StringBuilder seen = new StringBuilder();

    @AfterEach
    void endScript() {
        if (script != null) {
            script.destroyForcibly();
        }
    }

    @Test
    void keysGoToTheGuestAndCtrlAxLeaves() throws Exception {
        start(BareKernel.ECHO);
        type("a");
        await("a");
        // To the guest like any other key: neither ends the process nor is shown as ^C.
        type(CTRL_C + "b");
        await("a" + CTRL_C + "b");
        type(CTRL_A + "a" + "c");
        await("a" + CTRL_C + "b" + CTRL_A + "c");
        type(CTRL_A + "x");
        await("status 0");
        assertRestored();
        assertThat(seen)
                .as("the terminal echoes nothing by itself")
                .contains("a" + CTRL_C + "b" + CTRL_A + "cstatus 0");
    }

    @Test
    void aGuestThatPowersOffRestoresTheTerminal() throws Exception {
        start(BareKernel.ECHO);
        type("hello");
        await("hello");
        type("q");
        await("status 0");
        assertRestored();
    }

    @Test
    void aSignalRestoresTheTerminal() throws Exception {
        start(BareKernel.ECHO);
        type("a");
        await("a");
        ProcessHandle shell = script.children().findFirst().orElseThrow();
        ProcessHandle lull = shell.children()
                .filter(child -> child.info().command().orElse("").endsWith("java"))
                .findFirst()
                .orElseThrow();
        lull.destroy();
        await("status 143");
        assertRestored();
    }

    /** Runs a kernel on a new terminal; behind it, its exit status and the terminal's settings before and after. */
    private void start(BareKernel kernel) throws IOException {
        StringBuilder command = new StringBuilder("before=$(stty -g); echo ready; ");
        for (String word : Lull.command("run", "--kernel", kernel.in(directory).toString())) {
            command.append('\'').append(word).append("' ");
        }
        command.append("; echo status $?; [ \"$before\" = \"$(stty -g)\" ] && echo same || echo changed; exit");
        script = new ProcessBuilder("script", "-q", "-e", "-f", "-c", command.toString(), "/dev/null")
                .redirectErrorStream(true)
                .start();
        // The guest prompts when the terminal is already its own.
        await("ready\r\n>");
        seen.setLength(0);
    }

    private void assertRestored() throws IOException, InterruptedException {
        await("same");
        assertThat(script.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    private void type(String keys) throws IOException {
        script.getOutputStream().write(keys.getBytes(StandardCharsets.US_ASCII));
        script.getOutputStream().flush();
    }

    /** Reads until {@code text} has appeared. */
    private void await(String text) throws IOException {
        while (seen.indexOf(text) < 0) {
            int next = script.getInputStream().read();
            assertThat(next).as("after '%s'", seen).isNotNegative();
            seen.append((char) next);
        }
    }
}
