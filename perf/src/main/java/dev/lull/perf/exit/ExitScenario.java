package dev.lull.perf.exit;

import dev.lull.kvm.VcpuEntry;
import dev.lull.linux.LinuxException;
import dev.lull.linux.NativeThread;
import dev.lull.perf.bench.CLoops;
import dev.lull.perf.bench.ExitGuest;
import dev.lull.perf.report.Report;
import dev.lull.perf.report.ReportOptions;
import dev.lull.perf.report.Scenario;
import dev.lull.perf.report.Series;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Measures one exit round trip. All subjects take turns on the same vCPU of the same guest, a round each, beginning with
 * another one every round; the first exits of a turn are left out, as they fill the caches.
 */
@Command(
        name = "exit",
        sortOptions = false,
        description = "What one exit costs: the guest writes to a port, the monitor answers, the guest goes on.",
        footer = {
            "",
            "Subjects: c, a loop in C; lull, the default path of Lull with bus and",
            "device; ffm, jni and jna, the shortest loop around each of these ways to",
            "call KVM_RUN. Goal: lull is at most 1.03 times c.",
            "",
            "  perf/scenarios/exit --html exit.html",
            "  perf/scenarios/exit --clock instructions --rounds 3"
        })
public final class ExitScenario implements Callable<Integer> {
    private static final String VARIANT = "port-out";
    private static final String METRIC = "round-trip";
    private static final double GOAL = 1.03;
    private static final int SETTLING_EXITS = 100;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "20",
            description = "Rounds, each with a turn of every subject (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--exits",
            paramLabel = "N",
            defaultValue = "5000",
            description = "Exits a turn (default: ${DEFAULT-VALUE}).")
    private int exits;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            defaultValue = "30",
            description = "Rounds before, not recorded, in which code is compiled (default: ${DEFAULT-VALUE}).")
    private int warmUpRounds;

    @Mixin
    private ReportOptions options = new ReportOptions();

    private record Turn(Subject subject, Series series) {}

    /** The command {@code perf/scenarios/exit}. */
    public static void main(String[] arguments) {
        Scenario.main(new ExitScenario(), arguments);
    }

    @Override
    public Integer call() throws IOException {
        if (rounds < 1 || exits < 1 || warmUpRounds < 0) {
            throw new Scenario.UsageException("--rounds and --exits must be 1 or more, --warm-up 0 or more");
        }
        Report report = new Report("exit", "One exit round trip, " + options.place(), "c");
        stayOnOneProcessor();
        try (ExitGuest guest = new ExitGuest()) {
            guest.kick().begin();
            measure(turns(report, guest));
            guest.kick().end();
        }
        double ratio = report.ratio("lull", VARIANT, METRIC).orElseThrow();
        report.note(String.format(
                Locale.ROOT,
                "lull is %.3f times c (goal: at most %.2f), %s; its way in: %s",
                ratio,
                GOAL,
                options.place(),
                VcpuEntry.kind().description()));
        report.write(options, System.out);
        return options.check() && ratio > GOAL ? 1 : 0;
    }

    private static List<Turn> turns(Report report, ExitGuest guest) {
        List<Turn> turns = new ArrayList<>();
        turns.add(turn(report, "c", intervals -> CLoops.exits(guest.vcpu(), intervals)));
        turns.add(turn(report, "lull", new LullSubject(guest)));
        turns.add(turn(report, "ffm", new EntrySubject(guest, VcpuEntry.Kind.FFM)));
        turns.add(turn(report, "jni", new EntrySubject(guest, VcpuEntry.Kind.JNI)));
        turns.add(turn(report, "jna", new JnaSubject(guest)));
        return turns;
    }

    private static Turn turn(Report report, String name, Subject subject) {
        return new Turn(subject, report.add(name, VARIANT, METRIC, "ns"));
    }

    private void measure(List<Turn> turns) {
        long[] intervalNanos = new long[SETTLING_EXITS + exits];
        for (int round = 0; round < warmUpRounds; round++) {
            turns.forEach(turn -> turn.subject().exits(intervalNanos));
        }
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < turns.size(); i++) {
                Turn turn = turns.get((round + i) % turns.size());
                turn.subject().exits(intervalNanos);
                turn.series().beginRound();
                for (int exit = SETTLING_EXITS; exit < intervalNanos.length; exit++) {
                    turn.series().record(intervalNanos[exit]);
                }
            }
        }
    }

    /** Moving between processors would be measured as exits. */
    private static void stayOnOneProcessor() {
        BitSet one = new BitSet();
        one.set(NativeThread.affinity().length() - 1);
        try {
            NativeThread.setAffinity(one);
        } catch (LinuxException notAllowed) {
            System.err.println("exit: not bound to one processor: " + notAllowed.getMessage());
        }
    }
}
