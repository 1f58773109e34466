package dev.lull.agent.cli;

import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.MachineEnd;
import dev.lull.agent.metrics.ExitTable;
import dev.lull.agent.metrics.TextTable;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A Linux guest that reports what it is and powers itself off, shown to a newcomer. */
final class GuestDemo {
    private static final int CPUS = 2;
    private static final long MEMORY_BYTES = 256L << 20;
    private static final String COMMAND_LINE = "console=ttyS0 quiet lull.do=report";
    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** An emulated machine on a loaded host still boots in less. */
    private static final int PATIENCE_STEPS = 90;

    private final Stdio stdio;
    private final Path cache;
    private final String kvm;

    /**
     * @param cache the lab's cache of kernels
     * @param kvm what KVM here is, in words
     */
    GuestDemo(Stdio stdio, Path cache, String kvm) {
        this.stdio = stdio;
        this.cache = cache;
        this.kvm = kvm;
    }

    static Path kernel(Path cache) {
        return cache.resolve("kernels").resolve("cloud").resolve("vmlinuz");
    }

    static Path initrd(Path cache) {
        return cache.resolve("guest").resolve("initrd");
    }

    /**
     * Boots, shows, and waits for the end.
     *
     * @return the exit status
     */
    int run() throws InterruptedException {
        stdio.print("Lull boots an unmodified Debian kernel on KVM, " + kvm + ".");
        stdio.print("Loading " + kernel(cache) + " (the first time it is unpacked, which takes longer) ...");
        GuestReport report = new GuestReport();
        MachineConfig config = MachineConfig.kernel(kernel(cache))
                .initrd(initrd(cache))
                .commandLine(COMMAND_LINE)
                .memoryBytes(MEMORY_BYTES)
                .vcpus(CPUS)
                .timedExits(true)
                .warnings(warning -> stdio.err().println("lull: " + OneLine.of(warning)))
                .consoleOutput(report)
                .build();
        try (SignalGuard guard = SignalGuard.install();
                Machine machine = Machine.create(config)) {
            guard.watch(machine, null);
            MachineEnd end = attend(machine, report);
            return conclude(machine, end, report);
        }
    }

    private MachineEnd attend(Machine machine, GuestReport report) throws InterruptedException {
        stdio.print("Powering it on with " + CPUS + " vCPUs and " + (MEMORY_BYTES >> 20) + " MiB ...");
        report.begin();
        machine.start();
        Thread.ofPlatform().daemon().name("lull-demo-end").start(() -> awaitEnd(machine, report));
        int steps = 0;
        while (!report.awaitInit(PROGRESS_NANOS)) {
            if (++steps == PATIENCE_STEPS) {
                machine.stop();
            }
            stdio.print("  " + 2 * steps + " s: Linux is starting ...");
        }
        return machine.awaitEnd();
    }

    private static void awaitEnd(Machine machine, GuestReport report) {
        try {
            machine.awaitEnd();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        report.end();
    }

    private int conclude(Machine machine, MachineEnd end, GuestReport report) {
        if (end.kind() != MachineEnd.Kind.POWER_OFF || report.value("kernel").isEmpty()) {
            stdio.err()
                    .println("lull: "
                            + OneLine.of(
                                    end.message() + " before it had reported; its last words: " + report.lastLine()));
            if (!end.details().isEmpty()) {
                stdio.err().println(end.details());
            }
            return ExitStatus.FAILURE;
        }
        long bootNanos = machine.bootNanos() >= 0 ? machine.bootNanos() : report.initNanos();
        stdio.print("");
        stdio.print("The guest reports, on its serial console:");
        stdio.print(new TextTable("lll")
                .row("Linux", report.value("kernel"), "Debian's kernel, as it comes")
                .row("CPUs", report.value("cpus_online"), "each lent by a thread of this process")
                .row(
                        "memory",
                        (report.number("mem_total_kib") >> 10) + " MiB",
                        "of " + (MEMORY_BYTES >> 20) + " MiB; the kernel took the rest")
                .row("clock", report.value("clocksource"), "by which it tells the time")
                .row("up", report.number("uptime_ms") + " ms", "when it had reported all this")
                .toString("  "));
        stdio.print("");
        stdio.print(ExitTable.bootLine(bootNanos) + ", from power-on to its first program.");
        stdio.print("");
        stdio.print(ExitTable.of(machine.exitStats()));
        stdio.print("");
        stdio.print("The guest powered itself off. Boot a kernel of your own with: lull run --help");
        return ExitStatus.OK;
    }
}
