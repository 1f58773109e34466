package dev.lull.perf.boot;

import dev.lull.perf.worker.Rounds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Runs the subjects in turn and writes a {@link RunLine} for each. {@link BootScenario} starts it, in the lab or here:
 * interpreted, so that no compiler thread takes time from a subject.
 *
 * @param kernel what to boot, copied to memory first
 * @param firstRound rounds before it are done
 * @param limit for each run
 */
public record BootWorker(
        Path kernel, Path initrd, int firstRound, int lastRound, Duration limit, List<Subject> subjects) {
    /** Lull does not remember the unpacked kernel of a file that was written a moment ago. */
    private static final Duration SETTLING = Duration.ofSeconds(4);

    /** @param subjects in the order of the first round */
    public BootWorker {
        subjects = List.copyOf(subjects);
    }

    /** Takes what {@link #arguments} made. */
    public static void main(String[] arguments) throws InterruptedException {
        try {
            parse(arguments).run();
        } catch (TimeoutException e) {
            System.err.println("boot: " + e.getMessage());
            System.exit(Rounds.TIMED_OUT);
        } catch (IOException e) {
            System.err.println("boot: " + e.getMessage());
            System.exit(1);
        }
    }

    static BootWorker parse(String... arguments) {
        List<Subject> subjects = new ArrayList<>();
        for (int i = 5; i < arguments.length; i += 2) {
            subjects.add(new Subject(arguments[i], Path.of(arguments[i + 1])));
        }
        return new BootWorker(
                Path.of(arguments[0]),
                Path.of(arguments[1]),
                Integer.parseInt(arguments[2]),
                Integer.parseInt(arguments[3]),
                Duration.ofSeconds(Long.parseLong(arguments[4])),
                subjects);
    }

    /** This, for {@link #main} in another process. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of(
                kernel.toString(),
                initrd.toString(),
                Integer.toString(firstRound),
                Integer.toString(lastRound),
                Long.toString(limit.toSeconds())));
        for (Subject subject : subjects) {
            arguments.add(subject.name());
            arguments.add(subject.program().toString());
        }
        return arguments;
    }

    BootWorker from(int round) {
        return new BootWorker(kernel, initrd, round, lastRound, limit, subjects);
    }

    Duration longest() {
        return limit.multipliedBy((2L + lastRound - firstRound) * subjects.size());
    }

    /** The warm-up, in which caches fill, and the rounds. */
    private void run() throws IOException, InterruptedException, TimeoutException {
        Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "lull-boot.");
        Thread atExit = new Thread(() -> delete(directory));
        Runtime.getRuntime().addShutdownHook(atExit);
        Guest guest = new Guest(copy(kernel, directory), copy(initrd, directory));
        Thread.sleep(SETTLING);
        runRound(0, guest, directory);
        for (int round = firstRound; round <= lastRound; round++) {
            runRound(round, guest, directory);
        }
    }

    private void runRound(int round, Guest guest, Path directory)
            throws IOException, InterruptedException, TimeoutException {
        for (Subject subject : Subjects.rotated(subjects, round)) {
            BootRun run = new BootRun(subject, guest, directory, limit);
            System.out.println(new RunLine(round, subject.name(), run.measure()));
            System.out.flush();
        }
    }

    private static Path copy(Path file, Path directory) throws IOException {
        return Files.copy(file, directory.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
    }

    private static void delete(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            System.err.println("boot: " + directory + " stays behind: " + e.getMessage());
        }
    }
}
