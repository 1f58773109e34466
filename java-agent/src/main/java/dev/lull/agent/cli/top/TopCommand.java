package dev.lull.agent.cli.top;

import dev.lull.agent.cli.ExitStatus;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.cli.vm.HostOptions;
import dev.lull.agent.cli.vm.TimeSpan;
import dev.lull.linux.Terminal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lull top}. */
@Command(
        name = "top",
        header = "Show what the machines of this host's lulld do, as it changes.",
        description = {
            "A line a machine: its state by the first letter, Running, Paused or Not started; processor time of its vCPUs in "
                    + "percent of one processor; how often a vCPU left the guest for Lull; what its disks and network devices "
                    + "move in bytes; the memory the host has provided of what it was promised; and the slowest 99th "
                    + "percentile of what its devices were asked for in the last second. '-' is what is not known.",
            "It reads files that lulld maps; no machine takes notice. Keys: q leaves; c, e, d, n, m, p, i sort by cpu, exits, "
                    + "disk, net, memory, p99, id."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull top",
            "      On a terminal, until q.",
            "  lull top --once --sort disk | head -5",
            "      The busiest disks of the next second.",
            "  lull top --json --interval 10s | jq -c '.vms[] | [.id, .busy_percent]'",
            "      For programs, an object every ten seconds."
        })
public final class TopCommand implements Callable<Integer> {
    private static final Duration MIN_INTERVAL = Duration.ofMillis(100);

    /** The vCPUs' counters change once a second: within so long, twice. */
    private static final Duration SURE_INTERVAL = Duration.ofMillis(2200);

    /** What is shown first follows a look at which there were rates. */
    private static final long FIRST_LOOKS_MILLIS = 100;

    private static final int MAX_FIRST_LOOKS = 22;

    private static final int OUTPUT_FD = 1;
    private static final int PLAIN_COLUMNS = 160;

    @Option(
            names = "--interval",
            paramLabel = "TIME",
            defaultValue = "1s",
            converter = TimeSpan.class,
            description =
                    "From one look to the next, with ms, s, m or h (${DEFAULT-VALUE}); vCPUs' numbers change once a "
                            + "second.")
    private Duration interval = Duration.ZERO;

    @Option(names = "--iterations", paramLabel = "N", description = "Show N looks, one below the other, and end.")
    private @Nullable Integer iterations;

    @Option(names = "--once", description = "The same as --iterations 1.")
    private boolean once;

    @Option(
            names = "--sort",
            paramLabel = "KEY",
            defaultValue = "cpu",
            description = "The most of what comes first: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE}).")
    private SortKey sort = SortKey.CPU;

    @Option(
            names = "--width",
            paramLabel = "COLUMNS",
            description = "How wide the table is; as the terminal unless given, or " + PLAIN_COLUMNS + " without one. "
                    + "From 140 on there are more columns.")
    private @Nullable Integer width;

    @Option(names = "--json", description = "Print a JSON object a look.")
    private boolean json;

    @Mixin
    private HostOptions host = new HostOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final Stdio stdio;

    /** The command. */
    public TopCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (interval.compareTo(MIN_INTERVAL) < 0) {
            throw new ParameterException(spec.commandLine(), "--interval: give at least 100ms");
        }
        if (iterations != null && iterations < 1) {
            throw new ParameterException(spec.commandLine(), "--iterations: give at least 1");
        }
        try (Sampling sampling = new Sampling(host.client())) {
            int looks = once ? 1 : iterations == null ? 0 : iterations;
            if (looks > 0 || json || !isOnTerminal()) {
                print(sampling, looks);
            } else {
                new TopScreen(stdio, sampling, interval, sort).run();
            }
        }
        return ExitStatus.OK;
    }

    /** Prints {@code looks} pages, or without end if that is 0. */
    private void print(Sampling sampling, int looks) throws InterruptedException {
        List<TopRow> rows = sampling.look();
        for (int i = 0; i < MAX_FIRST_LOOKS && interval.compareTo(SURE_INTERVAL) < 0 && lacksRates(rows); i++) {
            Thread.sleep(FIRST_LOOKS_MILLIS);
            rows = sampling.look();
        }
        boolean read = true;
        for (int look = 0; read && (looks == 0 || look < looks); look++) {
            Thread.sleep(interval);
            rows = sampling.look();
            read = stdio.print(json ? TopJson.of(rows, sort, Instant.now()) : (look == 0 ? "" : "\n") + page(rows));
            if (!sampling.note().isEmpty()) {
                stdio.err().println("lull: " + sampling.note());
            }
        }
    }

    private String page(List<TopRow> rows) {
        List<String> lines = new TopPage(rows, Runtime.getRuntime().availableProcessors())
                .lines(
                        sort,
                        LocalTime.now(ZoneId.systemDefault()),
                        width == null ? columns() : width,
                        Integer.MAX_VALUE);
        return String.join("\n", lines);
    }

    private int columns() {
        Terminal.Size size = stdio.terminalFd() < 0 ? null : Terminal.size(OUTPUT_FD);
        return size == null ? PLAIN_COLUMNS : size.columns();
    }

    private boolean isOnTerminal() {
        return stdio.terminalFd() >= 0
                && Terminal.size(stdio.terminalFd()) != null
                && Terminal.size(OUTPUT_FD) != null
                && !"dumb".equals(System.getenv("TERM"));
    }

    private static boolean lacksRates(List<TopRow> rows) {
        return rows.stream()
                .anyMatch(row -> row.vm().isAlive() && Double.isNaN(row.rates().busyPercent()));
    }
}
