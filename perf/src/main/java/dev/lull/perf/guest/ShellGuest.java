package dev.lull.perf.guest;

import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;

/**
 * A machine in this process with one vCPU, whose guest carries out commands typed on its console ({@code
 * perf/lab/guest/run}). Used by one thread.
 */
public final class ShellGuest implements AutoCloseable {
    private static final String NAME = "guest";
    private static final long MEMORY_BYTES = 256L << 20;
    private static final String READY = "lull-guest: init";
    private static final String STATUS = "lull-guest: status=";
    private static final String ENDED = "the machine ended: ";

    private final Duration limit;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final Machine machine;

    /**
     * Makes it.
     *
     * @param files of the Debian guest
     * @param cpu the one CPU its vCPU runs on; others are for all else
     * @param limit for its start, and for each line of a command's
     * @param more what else it has
     */
    public ShellGuest(GuestFiles files, int cpu, Duration limit, UnaryOperator<MachineConfig.Builder> more) {
        this.limit = limit;
        machine = Machine.create(more.apply(MachineConfig.kernel(files.kernel())
                        .name(NAME)
                        .initrd(files.initrd())
                        .commandLine("console=ttyS0 quiet")
                        .memoryBytes(MEMORY_BYTES)
                        .pin(List.of(cpu))
                        .device(new DiskConfig("root", files.root(), "root", true, false, 1, RateLimit.NONE))
                        .consoleOutput(this::hear)
                        .onEnd(end -> lines.add(ENDED + end.message())))
                .build());
    }

    /**
     * Boots it, and waits until it takes commands.
     *
     * @throws IOException if it ends
     * @throws TimeoutException if it is silent too long
     */
    public void boot() throws IOException, InterruptedException, TimeoutException {
        machine.start();
        String said = nextLine();
        while (!said.contains(READY)) {
            said = nextLine();
        }
    }

    /**
     * The CPU for guests: the last. The first is for all else, where there are two.
     *
     * @throws IOException if Linux does not tell
     */
    public static int lastCpu() throws IOException {
        String online =
                Files.readString(Path.of("/sys/devices/system/cpu/online")).strip();
        return Integer.parseInt(online.substring(Math.max(online.lastIndexOf('-'), online.lastIndexOf(',')) + 1));
    }

    /**
     * Leaves a CPU to guests: all threads there are, and those they start, are on the first from now on; a vCPU's goes where
     * it is pinned to. For when all machines have been made and none was started.
     *
     * @throws IOException if Linux does not do it
     */
    public static void leave(int cpu) throws IOException, InterruptedException {
        String self = Long.toString(ProcessHandle.current().pid());
        if (cpu > 0
                && new ProcessBuilder("taskset", "--all-tasks", "--cpu-list", "--pid", "0", self)
                                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                                .redirectError(ProcessBuilder.Redirect.INHERIT)
                                .start()
                                .waitFor()
                        != 0) {
            throw new IOException("taskset failed");
        }
    }

    /** The machine it is on. */
    public Machine machine() {
        return machine;
    }

    /** Hears what a command prints. */
    public interface Listener {
        /** A line came, just now. */
        void hear(String line) throws IOException;
    }

    /**
     * Has a command run.
     *
     * @return what it printed
     * @throws IOException if it failed
     * @throws TimeoutException if it is silent too long
     */
    public String run(String command, Listener listener) throws IOException, InterruptedException, TimeoutException {
        byte[] keys = (command + "\necho " + STATUS + "$?\n").getBytes(StandardCharsets.UTF_8);
        machine.console().receive(keys, 0, keys.length);
        StringBuilder printed = new StringBuilder();
        while (true) {
            String next = nextLine();
            if (next.startsWith(STATUS)) {
                if (!next.equals(STATUS + "0")) {
                    throw new IOException("in the guest '%s' failed: %s"
                            .formatted(command, printed.toString().strip()));
                }
                return printed.toString();
            }
            listener.hear(next);
            printed.append(next).append('\n');
        }
    }

    private String nextLine() throws IOException, InterruptedException, TimeoutException {
        String next = lines.poll(limit.toSeconds(), TimeUnit.SECONDS);
        if (next == null) {
            throw new TimeoutException("the guest was silent for " + limit.toSeconds() + " s");
        }
        if (next.startsWith(ENDED)) {
            throw new IOException(next);
        }
        return next;
    }

    /** On the vCPU's thread. */
    private void hear(int value) {
        if (value == '\n') {
            lines.add(line.toString(StandardCharsets.UTF_8).stripTrailing());
            line.reset();
        } else {
            line.write(value);
        }
    }

    @Override
    public void close() {
        machine.close();
    }
}
