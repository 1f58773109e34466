package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Help, completion and manual pages. */
class HelpTest {
    private static final int TERMINAL_COLUMNS = 120;

    @TempDir
    private Path directory;

    @Test
    void lullNamesEveryCommand() {
        assertThat(Lull.run("--help").out())
                .contains(
                        "  run ",
                        "  vm ",
                        "  events ",
                        "  top ",
                        "  idle ",
                        "  check ",
                        "  demo ",
                        "  completion ",
                        "  help ")
                .contains("  lab run ", "  lab shell ", "  test [--soak] ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"run", "vm", "events", "top", "idle", "check", "demo", "completion", "man"})
    void everyCommandTeaches(String command) {
        Lull.Result help = Lull.run(command, "--help");
        assertThat(help.status()).isZero();
        assertThat(help.err()).isEmpty();
        assertThat(help.out()).contains("Usage: lull " + command, "Example").doesNotContain("${", "%n");
        assertThat(help.out().lines()).allMatch(line -> line.length() <= TERMINAL_COLUMNS);
        assertThat(Lull.run("help", command).out()).isEqualTo(help.out());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "create",
                "start",
                "stop",
                "pause",
                "resume",
                "rm",
                "list",
                "show",
                "console",
                "attach-disk",
                "attach-net",
                "detach",
                "config",
                "histograms",
                "send-keys"
            })
    void everyCommandAboutMachinesTeaches(String command) {
        Lull.Result help = Lull.run("vm", command, "--help");
        assertThat(help.status()).isZero();
        assertThat(help.err()).isEmpty();
        assertThat(help.out())
                .contains("Usage: lull vm " + command, "Example", "--socket=PATH")
                .doesNotContain("${", "%n");
        assertThat(help.out().lines()).allMatch(line -> line.length() <= TERMINAL_COLUMNS);
        assertThat(Lull.run("vm", "--help").out()).containsPattern("\n  " + command + "[ ,]");
        assertThat(Lull.run("man", "vm", command).out()).startsWith(".TH \"LULL-VM-");
        // What is parsed alone is what is parsed among all.
        CommandLine all = CommandTree.of(Stdio.ofProcess()).getSubcommands().get("vm");
        assertThat(all.getSubcommands().get(command).getUsageMessage(CommandLine.Help.Ansi.OFF))
                .isEqualTo(help.out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "stop", "check", "plot"})
    void everyCommandAboutIdleTimeTeaches(String command) {
        Lull.Result help = Lull.run("idle", command, "--help");
        assertThat(help.status()).isZero();
        assertThat(help.out())
                .contains("Usage: lull idle " + command, "Example")
                .doesNotContain("${", "%n");
        assertThat(help.out().lines()).allMatch(line -> line.length() <= TERMINAL_COLUMNS);
        assertThat(Lull.run("man", "idle", command).out()).startsWith(".TH \"LULL-IDLE-");
    }

    @Test
    void runTellsItsKeysAndExitStatuses() {
        assertThat(Lull.run("run", "--help").out()).contains("Ctrl-a x", "Exit status:", "  130, 143 ");
    }

    @Test
    void theCompletionScriptCompletes() throws Exception {
        Lull.Result script = Lull.run("completion");
        assertThat(script.status()).isZero();
        Path file = Files.writeString(directory.resolve("lull"), script.out());
        assertThat(completed(file, "run --ker")).isEqualTo("--kernel\n");
        assertThat(completed(file, "vm cre")).isEqualTo("create\n");
        assertThat(completed(file, "idle pl")).isEqualTo("plot\n");
        assertThat(completed(file, "vm stop --gr")).isEqualTo("--grace\n");
    }

    private static String completed(Path script, String line) throws Exception {
        String complete = "source '" + script + "'; COMP_WORDS=(lull " + line
                + "); COMP_CWORD=$((${#COMP_WORDS[@]}-1));" + " _complete_lull; printf '%s\\n' \"${COMPREPLY[@]}\"";
        // Standard error has bash saying that compopt is for real completions only.
        return Lull.process(List.of("bash", "-c", complete)).out();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "run", "vm", "top", "idle", "check", "demo"})
    void aManualPageHasTheSectionsOfOne(String command) {
        Lull.Result page = command.isEmpty() ? Lull.run("man") : Lull.run("man", command);
        assertThat(page.status()).isZero();
        assertThat(page.out()).startsWith(".TH \"LULL").contains("\n.SH \"NAME\"\n", "\n.SH \"OPTIONS\"\n");
        assertThat(page.out().lines())
                .allMatch(line -> !line.startsWith(".") || line.matches("\\.(TH|SH|TP|PP|nf|fi)( .*)?"))
                .noneMatch(line -> line.startsWith("'") || line.contains("${"));
    }
}
