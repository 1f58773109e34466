package dev.lull.perf.counter;

import dev.lull.perf.report.Scenario;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** What is read, and in which of the two guests. */
enum CounterSubject {
    /** KVM's clock, by the vDSO: the guest without a counter of Lull's. */
    KVM("kvm", false, "clock reads clock %d"),

    /** Lull's, by the same vDSO. */
    LULL("lull", true, "clock reads clock %d"),

    /** The processor's counter itself. */
    RDTSC("rdtsc", false, "clock reads ticks %d"),

    /** Lull's counter from its page, in C. */
    DEVICE("device", true, "counter reads page %d"),

    /** The same, in Java. */
    DEVICE_JAVA("device-java", true, JavaDisk.COMMAND + " %d"),

    /** A program that executes RDTSC and is given Lull's counter by a trap. */
    TRAPPED("trapped", true, "LD_PRELOAD=/tmp/bin/liblull_rdtsc.so rdtsc reads %d");

    private final String label;
    private final boolean scaled;
    private final String command;

    CounterSubject(String label, boolean scaled, String command) {
        this.label = label;
        this.scaled = scaled;
        this.command = command;
    }

    /** Its name in the results. */
    String label() {
        return label;
    }

    /** Whether it is in the guest that has a counter of Lull's. */
    boolean isScaled() {
        return scaled;
    }

    /** Whether it is a clock that a guest sleeps by. */
    boolean isClock() {
        return this == KVM || this == LULL;
    }

    /** For the guest's shell: {@code runs} times 1000 reads. */
    String reads(int runs) {
        return command.formatted(runs);
    }

    /** Those that take part, in their order. */
    static List<CounterSubject> choose(List<String> only) {
        for (String name : only) {
            if (Arrays.stream(values()).noneMatch(one -> one.label.equals(name))) {
                throw new Scenario.UsageException("--only '%s' is no subject; there are %s"
                        .formatted(
                                name,
                                Arrays.stream(values()).map(one -> one.label).collect(Collectors.joining(", "))));
            }
        }
        return Arrays.stream(values())
                .filter(one -> only.isEmpty() || only.contains(one.label))
                .toList();
    }
}
