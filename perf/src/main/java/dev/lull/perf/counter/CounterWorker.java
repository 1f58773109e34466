package dev.lull.perf.counter;

import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.MachineException;
import dev.lull.agent.machine.ScaledCounterConfig;
import dev.lull.perf.guest.GuestFiles;
import dev.lull.perf.guest.ShellGuest;
import dev.lull.perf.worker.Rounds;
import dev.lull.perf.worker.Sample;
import dev.lull.perf.worker.SampleCollector;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.TimeoutException;

/**
 * Boots two guests in this process, one with KVM's clock and one with Lull's counter; one works at a time. Writes {@link
 * Sample}s. {@link CounterScenario} starts it, in the lab or here.
 *
 * @param firstRound rounds before it are done
 * @param limit for the guests' start, and for each load
 * @param javaDisk see {@link JavaDisk}
 */
public record CounterWorker(
        int firstRound, int lastRound, Duration limit, Path javaDisk, List<CounterSubject> subjects) {
    /** @param subjects in the order of the first round */
    public CounterWorker {
        subjects = List.copyOf(subjects);
    }

    /** Takes what {@link #arguments} made. */
    public static void main(String[] arguments) throws InterruptedException {
        try {
            parse(arguments).run();
        } catch (TimeoutException e) {
            System.err.println("counter: " + e.getMessage());
            System.exit(Rounds.TIMED_OUT);
        } catch (IOException | MachineException | ConfigException e) {
            System.err.println("counter: " + e.getMessage());
            System.exit(1);
        }
        // The JVM may still have threads of the machines'.
        System.exit(0);
    }

    static CounterWorker parse(String... arguments) {
        return new CounterWorker(
                Integer.parseInt(arguments[0]),
                Integer.parseInt(arguments[1]),
                Duration.ofSeconds(Long.parseLong(arguments[2])),
                Path.of(arguments[3]),
                CounterSubject.choose(List.of(arguments).subList(4, arguments.length)));
    }

    /** This from {@code round} on, for {@link #main} in another process. */
    List<String> arguments(int round) {
        List<String> arguments = new ArrayList<>(List.of(
                Integer.toString(round),
                Integer.toString(lastRound),
                Long.toString(limit.toSeconds()),
                javaDisk.toString()));
        subjects.forEach(subject -> arguments.add(subject.label()));
        return arguments;
    }

    private void run() throws IOException, InterruptedException, TimeoutException {
        try (GuestFiles files = GuestFiles.copied();
                ShellGuest unscaled = new ShellGuest(files, ShellGuest.lastCpu(), limit, config -> config);
                ShellGuest scaled = new ShellGuest(files, ShellGuest.lastCpu(), limit, this::withCounter)) {
            ShellGuest.leave(ShellGuest.lastCpu());
            unscaled.boot();
            scaled.boot();
            System.out.println("started");
            scaled.run("insmod /tmp/bin/lull_pv.ko", line -> {});
            scaled.run(JavaDisk.MOUNT, line -> {});
            for (int round = firstRound; round <= lastRound; round++) {
                measure(unscaled, scaled, round);
                System.out.println(SampleCollector.doneLine(round));
            }
        }
    }

    private MachineConfig.Builder withCounter(MachineConfig.Builder config) {
        return config.scaledCounter(new ScaledCounterConfig(ScaledCounterConfig.DEFAULT_HZ, 1))
                .device(new DiskConfig("java", javaDisk, "java", true, false, 1, RateLimit.NONE));
    }

    /** One round: each load for one subject after the other, each time another one first. */
    private void measure(ShellGuest unscaled, ShellGuest scaled, int round)
            throws IOException, InterruptedException, TimeoutException {
        List<CounterSubject> order = new ArrayList<>(subjects);
        Collections.rotate(order, -round);
        for (CounterLoad load : CounterLoad.values()) {
            for (CounterSubject subject : order) {
                if (load.suits(subject)) {
                    ShellGuest guest = subject.isScaled() ? scaled : unscaled;
                    SortedMap<Long, Long> counts = counts(guest, load.command(subject));
                    System.out.println(new Sample(
                            round, subject.label(), load.label(), load.metric().label(), counts));
                }
            }
            Collections.rotate(order, 1);
        }
    }

    private static SortedMap<Long, Long> counts(ShellGuest guest, String command)
            throws IOException, InterruptedException, TimeoutException {
        String printed = guest.run(command, line -> {}).strip();
        return Sample.counts(printed)
                .orElseThrow(() -> new IOException("in the guest '%s' printed: %s".formatted(command, printed)));
    }
}
