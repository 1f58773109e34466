package dev.lull.agent.client;

import dev.lull.agent.json.JsonObject;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How idle time is used, as the host's service describes it.
 *
 * @param pins the host's CPU of each vCPU
 * @param usage null of a machine whose idle time is not used
 * @param unusedBecause why, in a line, of a machine that runs
 */
public record IdleInfo(
        String id,
        String state,
        List<Integer> pins,
        @Nullable Usage usage,
        @Nullable String unusedBecause) {
    private static final int MAX_CPU = 8191;
    private static final int MAX_ID = 65_535;

    /**
     * What became of a machine's idle time since its start.
     *
     * @param elapsedNanos that went by, each vCPU's added up
     * @param idleNanos of these, waited by vCPUs that had halted
     * @param workedNanos what steps took
     * @param aborted tasks that ended before they were done
     */
    public record Usage(
            long elapsedNanos,
            long idleNanos,
            long workedNanos,
            long steps,
            long preempted,
            long overdue,
            long running,
            long done,
            long aborted) {}

    /**
     * A task.
     *
     * @param deadlineMillis how long after its start it should be done; null if any time will do
     * @param result what it has done so far, for a person
     * @param step how long its steps took
     */
    public record Task(
            int id,
            String name,
            String state,
            int priority,
            @Nullable Long deadlineMillis,
            long steps,
            long workedNanos,
            long preempted,
            long overdue,
            String result,
            HistogramInfo step) {
        /** Reads one. */
        public static Task parse(byte[] json) {
            return Answer.read(json, Task::of);
        }

        private static Task of(JsonObject json) {
            return new Task(
                    (int) json.integer("id", 0, MAX_ID),
                    json.string("task"),
                    json.string("state"),
                    (int) json.integer("priority", Integer.MIN_VALUE, Integer.MAX_VALUE),
                    json.optionalInteger("deadline_ms", 0, Long.MAX_VALUE),
                    count(json, "steps"),
                    count(json, "worked_ns"),
                    count(json, "preempted_steps"),
                    count(json, "overdue_steps"),
                    json.string("result"),
                    HistogramInfo.of(Objects.requireNonNull(json.optionalObject("step"))));
        }
    }

    /**
     * A CPU that is a home of vCPUs, of whichever machines.
     *
     * @param workerNanos processor time of its worker
     * @param awake looks that found a guest awake
     * @param ioFirst looks that found a request of a guest not yet submitted
     * @param declined rests that would probably have ended before a step
     */
    public record Cpu(int cpu, long workerNanos, long steps, long preempted, long awake, long ioFirst, long declined) {
        private static Cpu of(JsonObject json) {
            return new Cpu(
                    (int) json.integer("cpu", 0, MAX_CPU),
                    count(json, "worker_cpu_ns"),
                    count(json, "steps"),
                    count(json, "preempted_steps"),
                    count(json, "looks_guest_awake"),
                    count(json, "looks_io_first"),
                    count(json, "declined_rests"));
        }
    }

    /** One machine's, in full. */
    public record Detail(Usage usage, List<Integer> pins, List<Cpu> cpus, List<Task> tasks, List<HistogramInfo> times) {
        /** Reads it. */
        public static Detail parse(byte[] json) {
            return Answer.read(
                    json,
                    all -> new Detail(
                            IdleInfo.usage(all),
                            IdleInfo.pins(all),
                            all.objects("cpus").stream().map(Cpu::of).toList(),
                            all.objects("tasks").stream().map(Task::of).toList(),
                            all.objects("histograms").stream()
                                    .map(HistogramInfo::of)
                                    .toList()));
        }
    }

    /** Reads all machines', in short. */
    public static List<IdleInfo> parseAll(byte[] json) {
        return Answer.read(
                json, all -> all.objects("vms").stream().map(IdleInfo::of).toList());
    }

    private static IdleInfo of(JsonObject json) {
        return new IdleInfo(
                json.string("id"),
                json.string("state"),
                pins(json),
                json.has("steps") ? usage(json) : null,
                json.optionalString("unused_because"));
    }

    private static Usage usage(JsonObject json) {
        return new Usage(
                count(json, "elapsed_ns"),
                count(json, "idle_ns"),
                count(json, "worked_ns"),
                count(json, "steps"),
                count(json, "preempted_steps"),
                count(json, "overdue_steps"),
                count(json, "running_tasks"),
                count(json, "done_tasks"),
                count(json, "aborted_tasks"));
    }

    private static List<Integer> pins(JsonObject json) {
        return Objects.requireNonNullElse(json.optionalIntegers("cpu_pins", 0, MAX_CPU), List.of());
    }

    private static long count(JsonObject json, String name) {
        return json.integer(name, 0, Long.MAX_VALUE);
    }
}
