package dev.lull.agent.idle;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Reads an {@link IdleLog} afterwards and says what in it should not be: a step that began outside a rest, or changed its CPU.
 * The rests are the log's own, or others' word, such as the host kernel's trace of when vCPUs were off their CPU.
 */
public final class IdleCheck {
    /** An interval of the monotonic clock in which all vCPUs of a CPU had halted. */
    public record Rest(long beginNanos, long endNanos) {}

    /** A step. */
    public record Step(long beginNanos, long endNanos, int beginCpu, int endCpu, long halts, String task) {}

    private final List<Step> steps = new ArrayList<>();
    private final Map<Integer, Map<Long, Rest>> restsByHalts = new HashMap<>();
    private long overdue;

    private IdleCheck() {}

    /**
     * Reads a log.
     *
     * @throws IOException if it cannot be read, or a line is none of a log
     */
    public static IdleCheck read(Path log) throws IOException {
        IdleCheck check = new IdleCheck();
        IdleLogLine.read(log, check::take);
        return check;
    }

    /** The steps in idle time, as they were logged. */
    public List<Step> steps() {
        return List.copyOf(steps);
    }

    /** Steps on housekeeping CPUs. */
    public long overdueSteps() {
        return overdue;
    }

    /** What is wrong by the log's own account; a line each. */
    public List<String> faults() {
        List<String> faults = new ArrayList<>();
        for (Step step : steps) {
            checkCpu(step, faults);
            Map<Long, Rest> own = restsByHalts.getOrDefault(step.beginCpu, Map.of());
            Rest rest = own.get(step.halts);
            if (step.halts != 0 && (rest == null || step.beginNanos < rest.beginNanos)) {
                faults.add("a step at " + step.beginNanos + " ns on CPU " + step.beginCpu + " is in no rest");
            }
        }
        return faults;
    }

    /**
     * What is wrong by a witness.
     *
     * @param witness intervals in which all vCPUs of {@code cpu} had halted; none overlaps another
     */
    public List<String> faults(int cpu, List<Rest> witness) {
        NavigableMap<Long, Rest> byBegin = new TreeMap<>();
        witness.forEach(rest -> byBegin.put(rest.beginNanos, rest));
        List<String> faults = new ArrayList<>();
        for (Step step : steps) {
            if (step.beginCpu != cpu) {
                continue;
            }
            checkCpu(step, faults);
            Map.Entry<Long, Rest> rest = byBegin.floorEntry(step.beginNanos);
            if (rest == null || rest.getValue().endNanos < step.beginNanos) {
                faults.add("a step at " + step.beginNanos + " ns on CPU " + cpu + " began while a guest had it");
            }
        }
        return faults;
    }

    private static void checkCpu(Step step, List<String> faults) {
        if (step.beginCpu != step.endCpu) {
            faults.add("a step at " + step.beginNanos + " ns went from CPU " + step.beginCpu + " to " + step.endCpu);
        }
    }

    private void take(IdleLogLine line) {
        switch (line.kind()) {
            case STEP ->
                steps.add(new Step(
                        line.beginNanos(), line.endNanos(), line.beginCpu(), line.endCpu(), line.halts(), line.task()));
            case OVERDUE -> overdue++;
            case REST ->
                // A rest may be left and taken up again: its first sight counts.
                restsByHalts
                        .computeIfAbsent(line.beginCpu(), any -> new HashMap<>())
                        .merge(
                                line.halts(),
                                new Rest(line.beginNanos(), line.endNanos()),
                                (a, b) -> new Rest(
                                        Math.min(a.beginNanos, b.beginNanos), Math.max(a.endNanos, b.endNanos)));
        }
    }
}
