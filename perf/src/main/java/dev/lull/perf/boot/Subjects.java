package dev.lull.perf.boot;

import dev.lull.perf.report.Scenario;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which monitors take part, and why others do not.
 *
 * @param present Lull first
 * @param absences a line for each monitor left out
 */
record Subjects(List<Subject> present, List<String> absences) {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]*");

    /** Where programs are looked for. */
    interface Finder {
        /** The program of that name in {@code PATH}. */
        Optional<Path> find(String program);
    }

    Subjects {
        present = List.copyOf(present);
        absences = List.copyOf(absences);
    }

    /**
     * Lull, what this machine has installed, and {@code peers}.
     *
     * @param peers path by name; a name of an installed monitor stands in its place, any other is a kvmtool
     */
    static Subjects choose(Path launcher, Map<String, Path> peers, boolean instructionClock, Finder finder) {
        peers.forEach(Subjects::checkPeer);
        Map<String, Path> programs = new LinkedHashMap<>();
        List<String> absences = new ArrayList<>();
        Map<String, String> usual = new LinkedHashMap<>();
        usual.put(Subject.QEMU_Q35, "qemu-system-x86_64");
        usual.put(Subject.QEMU_MICROVM, "qemu-system-x86_64");
        usual.put(Subject.KVMTOOL, "lkvm");
        usual.forEach((name, program) -> {
            Path given = peers.get(name);
            Optional<Path> found = given == null ? finder.find(program) : Optional.of(given);
            if (instructionClock && name.equals(Subject.QEMU_MICROVM)) {
                absences.add(name + " left out: it does not reach init on the instruction clock");
            } else if (found.isEmpty()) {
                absences.add("%s left out: %s is not installed (--peer %s=PATH)".formatted(name, program, name));
            } else {
                programs.put(name, found.get());
            }
        });
        peers.forEach((name, path) -> {
            if (!usual.containsKey(name)) {
                programs.put(name, path);
            }
        });
        List<Subject> present = new ArrayList<>();
        present.add(new Subject(Subject.LULL, launcher));
        programs.forEach((name, path) -> present.add(new Subject(name, path.toAbsolutePath())));
        return new Subjects(present, absences);
    }

    /** Finds what {@code searchPath}, directories with colons between, has. */
    static Finder inDirectories(String searchPath) {
        return program -> Pattern.compile(":")
                .splitAsStream(searchPath)
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, program))
                .filter(Subjects::isProgram)
                .findFirst();
    }

    /** The order of a round: each begins with another subject. */
    static <T> List<T> rotated(List<T> subjects, int round) {
        List<T> order = new ArrayList<>(subjects);
        Collections.rotate(order, -(round % subjects.size()));
        return order;
    }

    private static void checkPeer(String name, Path path) {
        if (name.equals(Subject.LULL) || !NAME.matcher(name).matches()) {
            throw new Scenario.UsageException(
                    "--peer '%s' is not a name for a peer; use small letters, digits and dashes".formatted(name));
        }
        if (!isProgram(path)) {
            throw new Scenario.UsageException("--peer %s=%s is not a program".formatted(name, path));
        }
    }

    private static boolean isProgram(Path path) {
        return Files.isRegularFile(path) && Files.isExecutable(path);
    }
}
