package dev.lull.perf.idle;

import dev.lull.idle.IdlePolicy;
import dev.lull.perf.report.Scenario;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Who works on the guest's processor while it rests. */
enum IdleSubject {
    /** Nobody. */
    BASELINE("baseline", null),

    /** Lull: in {@code SCHED_IDLE}, when the guest has halted for certain. */
    LULL("lull", IdlePolicy.CONFIRMED),

    /** A thread as any other. */
    CONTROL("control", IdlePolicy.NORMAL),

    /** The same, with the least weight that it can have. */
    NICE_19("nice19", IdlePolicy.NICE_19),

    /** {@code SCHED_IDLE}, without asking what the guest does. */
    SCHED_IDLE("sched-idle", IdlePolicy.SCHED_IDLE);

    private final String label;
    private final @Nullable IdlePolicy policy;

    IdleSubject(String label, @Nullable IdlePolicy policy) {
        this.label = label;
        this.policy = policy;
    }

    /** Its name in the results. */
    String label() {
        return label;
    }

    /** How the work comes by the CPU; null for no work. */
    @Nullable
    IdlePolicy policy() {
        return policy;
    }

    /** Those that take part, in their order. */
    static List<IdleSubject> choose(List<String> only) {
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
