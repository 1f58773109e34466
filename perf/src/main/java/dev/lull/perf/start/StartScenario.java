package dev.lull.perf.start;

import dev.lull.perf.report.Report;
import dev.lull.perf.report.ReportOptions;
import dev.lull.perf.report.Scenario;
import dev.lull.perf.report.Series;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures starts of {@code lulld}, one after the other, each followed by one of a JVM that does next to nothing. */
@Command(
        name = "start",
        sortOptions = false,
        description = "How soon lulld of the package serves, and what it weighs when idle.",
        footer = {
            "",
            "Subjects: lulld, until its socket can be connected to and until the first",
            "request is answered; jvm, the same runtime until lulld --version has ended.",
            "Goals: ready within 250 ms (median), resident at most 80 MB.",
            "",
            "  perf/scenarios/start --html start.html"
        })
public final class StartScenario implements Callable<Integer> {
    private static final long MAX_READY_NANOS = 250_000_000;
    private static final long MAX_RESIDENT_BYTES = 80_000_000;
    private static final String READY = "ready";
    private static final String PROGRAM = "build/package/tree/usr/bin/lulld";

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "20",
            description = "Starts (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Mixin
    private ReportOptions options = new ReportOptions();

    /** The command {@code perf/scenarios/start}. */
    public static void main(String[] arguments) {
        Scenario.main(new StartScenario(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rounds < 1) {
            throw new Scenario.UsageException("--rounds must be 1 or more");
        }
        Path program = Path.of(System.getProperty("lull.root"), PROGRAM);
        Report report = new Report("start", "A start of lulld, " + options.place(), "jvm");
        Series jvm = report.add("jvm", "", READY, "ns");
        Series ready = report.add("lulld", "", READY, "ns");
        Series reply = report.add("lulld", "", "first-reply", "ns");
        Series resident = report.add("lulld", "", "resident", "bytes");
        for (int round = -1; round < rounds; round++) {
            long jvmNanos = version(program);
            try (StartedLulld lulld = StartedLulld.start(program)) {
                long readyNanos = lulld.awaitReady();
                long replyNanos = lulld.firstReply();
                long residentBytes = lulld.idleResidentBytes();
                // The first start brings the files into memory.
                if (round >= 0) {
                    jvm.record(jvmNanos);
                    ready.record(readyNanos);
                    reply.record(replyNanos);
                    resident.record(residentBytes);
                }
            }
        }
        long readyNanos = ready.all().getValueAtPercentile(50);
        long residentBytes = resident.all().getMaxValue();
        report.note(String.format(
                Locale.ROOT,
                "ready after %d ms (median; goal: at most %d), resident %.1f MB (goal: at most %d), %s",
                readyNanos / 1_000_000,
                MAX_READY_NANOS / 1_000_000,
                residentBytes / 1e6,
                MAX_RESIDENT_BYTES / 1_000_000,
                options.place()));
        report.write(options, System.out);
        boolean missed = readyNanos > MAX_READY_NANOS || residentBytes > MAX_RESIDENT_BYTES;
        return options.check() && missed ? 1 : 0;
    }

    private static long version(Path program) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        Process process = new ProcessBuilder(program.toString(), "--version")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (process.waitFor() != 0) {
            throw new IOException(program + " --version failed");
        }
        return System.nanoTime() - begin;
    }
}
