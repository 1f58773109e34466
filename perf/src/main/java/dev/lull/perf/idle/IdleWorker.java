package dev.lull.perf.idle;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.MachineException;
import dev.lull.agent.probe.WakeReport;
import dev.lull.idle.IdlePolicy;
import dev.lull.idle.IdleUnavailable;
import dev.lull.perf.guest.GuestFiles;
import dev.lull.perf.guest.ShellGuest;
import dev.lull.perf.worker.Rounds;
import dev.lull.perf.worker.Sample;
import dev.lull.perf.worker.SampleCollector;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Boots a guest in this process, has it under each load once for each subject in turn, and writes {@link Sample}s. {@link
 * IdleScenario} starts it, in the lab or here.
 *
 * @param firstRound rounds before it are done
 * @param seconds of each load
 * @param limit for the guest's start, and for each load
 */
public record IdleWorker(int firstRound, int lastRound, int seconds, Duration limit, List<IdleSubject> subjects) {
    /** By then the JVM has compiled what it will, which takes a CPU for milliseconds, and here there may be just the one. */
    private static final int WARM_UP_SECONDS = 3;

    /** @param subjects in the order of the first round */
    public IdleWorker {
        subjects = List.copyOf(subjects);
    }

    /** Takes what {@link #arguments} made. */
    public static void main(String[] arguments) throws InterruptedException {
        try {
            parse(arguments).run();
        } catch (TimeoutException e) {
            System.err.println("idle: " + e.getMessage());
            System.exit(Rounds.TIMED_OUT);
        } catch (IOException | MachineException | ConfigException | IdleUnavailable | WakeReport.ProbeException e) {
            System.err.println("idle: " + e.getMessage());
            System.exit(1);
        }
        // The JVM may still have threads of the machine's.
        System.exit(0);
    }

    static IdleWorker parse(String... arguments) {
        return new IdleWorker(
                Integer.parseInt(arguments[0]),
                Integer.parseInt(arguments[1]),
                Integer.parseInt(arguments[2]),
                Duration.ofSeconds(Long.parseLong(arguments[3])),
                IdleSubject.choose(List.of(arguments).subList(4, arguments.length)));
    }

    /** This from {@code round} on, for {@link #main} in another process. */
    List<String> arguments(int round) {
        List<String> arguments = new ArrayList<>(List.of(
                Integer.toString(round),
                Integer.toString(lastRound),
                Integer.toString(seconds),
                Long.toString(limit.toSeconds())));
        subjects.forEach(subject -> arguments.add(subject.label()));
        return arguments;
    }

    private void run() throws IOException, InterruptedException, TimeoutException {
        try (GuestFiles files = GuestFiles.copied();
                ShellGuest guest = new ShellGuest(files, ShellGuest.lastCpu(), limit, config -> config)) {
            ShellGuest.leave(ShellGuest.lastCpu());
            guest.boot();
            System.out.println("started");
            long loopsPerMilli = Long.parseLong(
                    guest.run("wake calibrate", line -> {}).strip().replace("loops_per_milli=", ""));
            measure(guest, loopsPerMilli, 0, WARM_UP_SECONDS);
            for (int round = firstRound; round <= lastRound; round++) {
                measure(guest, loopsPerMilli, round, seconds);
                System.out.println(SampleCollector.doneLine(round));
            }
        }
    }

    /** One round: each load for one subject after the other, each time another one first. */
    private void measure(ShellGuest guest, long loopsPerMilli, int round, int loadSeconds)
            throws IOException, InterruptedException, TimeoutException {
        List<IdleSubject> order = new ArrayList<>(subjects);
        Collections.rotate(order, -round);
        for (IdleLoad load : IdleLoad.values()) {
            for (IdleSubject subject : order) {
                measure(guest, load, subject, load.command(loadSeconds, loopsPerMilli))
                        .forEach((metric, counts) -> System.out.println(
                                new Sample(round, subject.label(), load.label(), metric.label(), counts)));
            }
            Collections.rotate(order, 1);
        }
    }

    private static SortedMap<IdleMetric, SortedMap<Long, Long>> measure(
            ShellGuest guest, IdleLoad load, IdleSubject subject, String command)
            throws IOException, InterruptedException, TimeoutException {
        IdlePolicy policy = subject.policy();
        try (Housework work = policy == null ? null : new Housework(policy, guest.machine())) {
            List<Interval> moments = new ArrayList<>();
            String printed = guest.run(command, line -> {
                if (line.startsWith(WakeReport.STARTED) || line.startsWith(WakeReport.FINISHED)) {
                    moments.add(moment(guest, work));
                }
            });
            if (moments.size() != 2) {
                throw new IOException("in the guest '%s' printed: %s".formatted(command, printed.strip()));
            }
            SortedMap<IdleMetric, SortedMap<Long, Long>> results = new TreeMap<>();
            if (load.hasLatency()) {
                WakeReport report = WakeReport.parse(printed);
                results.put(IdleMetric.LATENCY, report.counts());
                results.put(IdleMetric.LATE, once(report.late()));
            }
            moments.getFirst()
                    .until(moments.getLast())
                    .metrics(work != null)
                    .forEach((metric, value) -> results.put(metric, once(value)));
            return results;
        }
    }

    private static Interval moment(ShellGuest guest, @Nullable Housework work) throws IOException {
        long vcpuNanos = guest.machine().management().cpuNanos(0);
        return new Interval(
                System.nanoTime(), vcpuNanos, work == null ? 0 : work.nanos(), work == null ? 0 : work.bytes());
    }

    private static SortedMap<Long, Long> once(long value) {
        return new TreeMap<>(Map.of(value, 1L));
    }
}
