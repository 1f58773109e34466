package dev.lull.agent.lab;

import dev.lull.agent.idle.IdleCheck.Rest;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The host kernel's own account, from its tracing, of when threads had a CPU, why vCPUs left their guests, and when guests rang
 * doorbells. A witness that knows nothing of Lull.
 */
final class KernelTrace implements AutoCloseable {
    private static final Path ROOT = Path.of("/sys/kernel/tracing");
    private static final Pattern LINE =
            Pattern.compile("\\s*(.+)-(\\d+)\\s+\\[(\\d+)\\]\\s+\\S+\\s+(\\d+)\\.(\\d{6}): (\\w+)(?:: |\\()(.*)");
    private static final Pattern SWITCH = Pattern.compile(
            "prev_comm=.* prev_pid=(\\d+) prev_prio=-?\\d+ prev_state=(\\S+) ==> next_comm=.* next_pid=(\\d+) .*");

    /** Times in the trace are of microseconds, cut off. */
    private static final long GRAIN_NANOS = 1000;

    private static final long INTERRUPT_CONTROLLERS_GPA = 0xFEC0_0000L;

    /** What a devices' thread does when it has found a request, or none. */
    private static final List<String> SERVING = List.of("preadv2", "pwritev2", "io_uring_enter", "poll");

    /** What the trace puts before the name of a system call. */
    private static final String CALL = "sys_";

    /** Something in the trace. */
    record Event(long nanos, int thread, int cpu, String name, String details) {}

    private KernelTrace() {}

    /** Begins to trace. */
    static KernelTrace start() throws IOException {
        if (!Files.exists(ROOT.resolve("trace"))) {
            try {
                new ProcessBuilder("mount", "-t", "tracefs", "none", ROOT.toString())
                        .inheritIO()
                        .start()
                        .waitFor();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        set("tracing_on", "0");
        set("trace_clock", "mono");
        set("buffer_size_kb", "65536");
        set("trace", "");
        for (String event : List.of("sched/sched_switch", "kvm/kvm_exit", "kvm/kvm_mmio")) {
            set("events/" + event + "/enable", "1");
        }
        for (String call : SERVING) {
            set("events/syscalls/sys_enter_" + call + "/enable", "1");
        }
        set("tracing_on", "1");
        return new KernelTrace();
    }

    /** Stops, and what was traced, in order of time. */
    List<Event> stop() throws IOException {
        set("tracing_on", "0");
        for (Path cpu : new Path[] {ROOT.resolve("per_cpu/cpu0/stats"), ROOT.resolve("per_cpu/cpu1/stats")}) {
            String stats = Files.exists(cpu) ? Files.readString(cpu) : "overrun: 0\n";
            if (!stats.contains("overrun: 0\n")) {
                throw new IOException("the kernel's trace lost events: " + stats);
            }
        }
        List<Event> events = new ArrayList<>();
        try (BufferedReader reader = Files.newBufferedReader(ROOT.resolve("trace"))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                Matcher matcher = LINE.matcher(line);
                if (matcher.matches()) {
                    events.add(new Event(
                            Long.parseLong(matcher.group(4)) * 1_000_000_000 + Long.parseLong(matcher.group(5)) * 1000,
                            Integer.parseInt(matcher.group(2)),
                            Integer.parseInt(matcher.group(3)),
                            matcher.group(6),
                            matcher.group(7)));
                }
            }
        }
        return events;
    }

    @Override
    public void close() throws IOException {
        set("tracing_on", "0");
        set("events/enable", "0");
        set("trace", "");
    }

    /**
     * When vCPU threads slept after an exit for a halt: of their own accord, neither kicked nor preempted.
     *
     * @return of each thread, in order
     */
    static Map<Integer, List<Rest>> halts(List<Event> events, List<Integer> vcpuThreads) {
        Map<Integer, List<Rest>> rests = new HashMap<>();
        Map<Integer, Boolean> halted = new HashMap<>();
        Map<Integer, Long> asleepSince = new HashMap<>();
        for (int thread : vcpuThreads) {
            rests.put(thread, new ArrayList<>());
            // Who does not run when the trace begins slept before.
            asleepSince.put(thread, 0L);
        }
        for (Event event : events) {
            if (rests.containsKey(event.thread) && asleepSince.getOrDefault(event.thread, -1L) == 0) {
                // It runs when the trace begins.
                asleepSince.remove(event.thread);
            }
            if (event.name.equals("kvm_exit") && vcpuThreads.contains(event.thread)) {
                halted.put(event.thread, event.details.contains("reason hlt"));
            } else if (event.name.equals("sched_switch")) {
                Matcher matcher = SWITCH.matcher(event.details);
                if (!matcher.matches()) {
                    continue;
                }
                int from = Integer.parseInt(matcher.group(1));
                int to = Integer.parseInt(matcher.group(3));
                if (vcpuThreads.contains(from) && matcher.group(2).equals("S") && halted.getOrDefault(from, false)) {
                    asleepSince.put(from, event.nanos);
                }
                Long since = asleepSince.remove(to);
                if (since != null) {
                    rests.get(to).add(new Rest(since, event.nanos + GRAIN_NANOS));
                }
            }
        }
        // Who sleeps on when the trace ends rests until then.
        long end = events.isEmpty() ? 0 : events.getLast().nanos;
        asleepSince.forEach((thread, since) -> rests.get(thread).add(new Rest(since, end)));
        return rests;
    }

    /**
     * When a doorbell had been rung and the devices' thread had neither begun to read or write since, nor found that there was
     * nothing to do and begun to wait. The doorbell was rung after the guest's exit for it; the trace tells of the write itself only
     * after KVM has passed it on.
     */
    static List<Rest> unserved(List<Event> events, int devicesThread) {
        List<Long> served = events.stream()
                .filter(event -> event.thread == devicesThread
                        && event.name.startsWith(CALL)
                        && SERVING.contains(event.name.substring(CALL.length())))
                .map(Event::nanos)
                .toList();
        List<Rest> unserved = new ArrayList<>();
        Map<Integer, Long> exits = new HashMap<>();
        int next = 0;
        for (Event event : events) {
            if (event.name.equals("kvm_exit")) {
                exits.put(event.thread, event.nanos);
            }
            Long rung = isDoorbell(event) ? exits.get(event.thread) : null;
            if (rung == null) {
                continue;
            }
            while (next < served.size() && served.get(next) <= rung) {
                next++;
            }
            if (next < served.size()) {
                unserved.add(new Rest(rung, served.get(next)));
            }
        }
        return unserved;
    }

    /** A write to a device's registers; those of interrupt controllers lie above. */
    private static boolean isDoorbell(Event event) {
        Matcher write =
                Pattern.compile("mmio write len \\d+ gpa 0x([0-9a-f]+) .*").matcher(event.details);
        return event.name.equals("kvm_mmio")
                && write.matches()
                && Long.compareUnsigned(Long.parseUnsignedLong(write.group(1), 16), INTERRUPT_CONTROLLERS_GPA) < 0;
    }

    /** The kernel's number of the first thread of this process that is called {@code name}. */
    static int thread(String name) throws IOException {
        try (var tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path task : tasks) {
                if (Files.readString(task.resolve("comm")).strip().equals(name)) {
                    return Integer.parseInt(task.getFileName().toString());
                }
            }
        }
        throw new IOException("no thread is called " + name);
    }

    private static void set(String file, String value) throws IOException {
        Files.writeString(ROOT.resolve(file), value);
    }
}
