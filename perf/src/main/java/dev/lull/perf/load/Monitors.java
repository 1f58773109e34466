package dev.lull.perf.load;

import dev.lull.perf.report.Scenario;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Which monitors take part, and why others do not.
 *
 * @param present Lull first
 * @param absences a line for each monitor left out
 */
record Monitors(List<Monitor> present, List<String> absences) {
    private static final Pattern PEER = Pattern.compile("(?:qemu|lull-)[a-z0-9-]*");
    private static final Path DEBIANS_QEMU = Path.of("/usr/bin/qemu-system-x86_64");

    Monitors {
        present = List.copyOf(present);
        absences = List.copyOf(absences);
    }

    /**
     * Lull, Debian's QEMU, and {@code peers}.
     *
     * @param peers path by name; a name of an installed monitor stands in its place
     * @param vhost whether QEMU takes part a second time, with vhost
     * @param only the names of those that do; empty for all
     */
    static Monitors choose(Path launcher, Map<String, Path> peers, boolean vhost, List<String> only) {
        Map<String, Path> programs = new LinkedHashMap<>();
        programs.put(Monitor.LULL, launcher);
        programs.put(Monitor.QEMU, DEBIANS_QEMU);
        if (vhost) {
            programs.put(Monitor.QEMU_VHOST, DEBIANS_QEMU);
        }
        peers.forEach((name, path) -> {
            if (!PEER.matcher(name).matches()) {
                throw new Scenario.UsageException(
                        "--peer '%s' must begin with qemu or lull-: others are unknown here".formatted(name));
            }
            if (!Files.isExecutable(path)) {
                throw new Scenario.UsageException("--peer %s=%s is not a program".formatted(name, path));
            }
            programs.put(name, path.toAbsolutePath());
        });
        for (String name : only) {
            if (!programs.containsKey(name)) {
                throw new Scenario.UsageException("--only '%s' is no subject; there are %s"
                        .formatted(name, String.join(", ", programs.keySet())));
            }
        }
        List<Monitor> present = new ArrayList<>();
        List<String> absences = new ArrayList<>();
        programs.forEach((name, path) -> {
            if (!only.isEmpty() && !only.contains(name)) {
                absences.add(name + " left out, as asked");
            } else if (!Files.isExecutable(path)) {
                absences.add("%s left out: %s is not installed (--peer %s=PATH)".formatted(name, path, name));
            } else {
                present.add(new Monitor(name, path));
            }
        });
        return new Monitors(present, absences);
    }
}
