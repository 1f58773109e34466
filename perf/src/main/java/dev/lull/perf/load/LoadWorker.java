package dev.lull.perf.load;

import dev.lull.perf.worker.Rounds;
import dev.lull.perf.worker.Sample;
import dev.lull.perf.worker.SampleCollector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Starts a guest under each monitor, has each do the same work in turn, and writes {@link Sample}s. {@link LoadScenario}
 * starts it, in the lab or here: interpreted, so that no compiler thread takes time from a monitor.
 *
 * @param scenario block or net
 * @param firstRound rounds before it are done
 * @param limit for each start of a guest, and each piece of work
 */
public record LoadWorker(String scenario, int firstRound, int lastRound, Duration limit, List<Monitor> monitors) {
    /** @param monitors in the order of the first round */
    public LoadWorker {
        monitors = List.copyOf(monitors);
    }

    /** Takes what {@link #arguments} made. */
    public static void main(String[] arguments) throws InterruptedException {
        try {
            parse(arguments).run();
        } catch (TimeoutException e) {
            System.err.println(arguments[0] + ": " + e.getMessage());
            System.exit(Rounds.TIMED_OUT);
        } catch (IOException e) {
            System.err.println(arguments[0] + ": " + e.getMessage());
            System.exit(1);
        }
    }

    static LoadWorker parse(String... arguments) {
        List<Monitor> monitors = new ArrayList<>();
        for (int i = 4; i < arguments.length; i += 2) {
            monitors.add(new Monitor(arguments[i], Path.of(arguments[i + 1])));
        }
        return new LoadWorker(
                arguments[0],
                Integer.parseInt(arguments[1]),
                Integer.parseInt(arguments[2]),
                Duration.ofSeconds(Long.parseLong(arguments[3])),
                monitors);
    }

    /** This from {@code round} on, for {@link #main} in another process. */
    List<String> arguments(int round) {
        List<String> arguments = new ArrayList<>(List.of(
                scenario, Integer.toString(round), Integer.toString(lastRound), Long.toString(limit.toSeconds())));
        for (Monitor monitor : monitors) {
            arguments.add(monitor.name());
            arguments.add(monitor.program().toString());
        }
        return arguments;
    }

    private void run() throws IOException, InterruptedException, TimeoutException {
        Path guest = Path.of(System.getenv("LULL_CACHE"), "guest");
        Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "lull-" + scenario + ".");
        List<LoadGuest> guests = new ArrayList<>();
        try (Workload workload = Workload.named(scenario, directory, guest.resolve("tools"))) {
            Path kernel = copy(guest.resolve("debian/vmlinuz"), directory);
            Path initrd = copy(guest.resolve("quick"), directory);
            Path root = guest.resolve("debian/disk.img");
            for (Monitor monitor : monitors) {
                Workload.Device device = workload.device(guests.size());
                ProcessBuilder command = new ProcessBuilder(monitor.command(kernel, initrd, root, device));
                command.environment()
                        .put("LULL_CACHE", directory.resolve("cache").toString());
                LoadGuest started = new LoadGuest(monitor, command, directory, limit);
                guests.add(started);
                started.run(workload.prepare(guests.size() - 1));
                System.out.println("started " + monitor.name());
            }
            measure(workload, guests, 0);
            for (int round = firstRound; round <= lastRound; round++) {
                measure(workload, guests, round);
                System.out.println(SampleCollector.doneLine(round));
            }
        } finally {
            guests.forEach(LoadGuest::close);
            delete(directory);
        }
    }

    /** One round: each piece of work by one guest after the other, each time another one first. */
    private void measure(Workload workload, List<LoadGuest> guests, int round) throws IOException, TimeoutException {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < guests.size(); i++) {
            order.add(i);
        }
        Collections.rotate(order, -round);
        for (int row = 0; row < workload.work(0).size(); row++) {
            for (int number : order) {
                Work work = workload.work(number).get(row);
                String printed = guests.get(number).run(work.command());
                Map<String, SortedMap<Long, Long>> results = Work.results(printed);
                String name = monitors.get(number).name();
                if (results.isEmpty()) {
                    throw new IOException(
                            "in %s's guest %s gave no result: %s".formatted(name, work.variant(), printed.strip()));
                }
                results.forEach((metric, counts) ->
                        System.out.println(new Sample(round, name, work.variant(), metric, counts)));
            }
            Collections.rotate(order, 1);
        }
    }

    private static Path copy(Path file, Path directory) throws IOException {
        return Files.copy(file, directory.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
