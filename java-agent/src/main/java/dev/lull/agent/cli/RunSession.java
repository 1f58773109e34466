package dev.lull.agent.cli;

import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.MachineEnd;
import dev.lull.agent.metrics.DeviceTable;
import dev.lull.agent.metrics.ExitTable;
import dev.lull.agent.metrics.MachineLog;
import dev.lull.kvm.VcpuEntry;
import dev.lull.linux.Terminal;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** One machine in the foreground, from its making to the report of its end. */
final class RunSession {
    private final RunOptions options;
    private final Stdio stdio;

    RunSession(RunOptions options, Stdio stdio) {
        this.options = options;
        this.stdio = stdio;
    }

    /**
     * Runs the machine to its end.
     *
     * @return the exit status
     * @throws InterruptedException if the calling thread is interrupted; the machine is gone then
     */
    int run() throws InterruptedException {
        StatsFile statsFile = options.statsFile() == null ? null : StatsFile.at(options.statsFile());
        MachineLog log = statsFile == null ? null : new MachineLog(System.currentTimeMillis());
        try (SignalGuard guard = SignalGuard.install();
                ConsoleOutput output = new ConsoleOutput(stdio.out());
                Machine machine = Machine.create(config(output));
                IdleSession idle = options.idle() == null ? null : IdleSession.open(options.idle(), machine, stdio)) {
            MachineEnd end = attend(machine, guard, idle);
            output.drain();
            if (idle != null) {
                idle.finish();
            }
            if (idle != null && options.stats()) {
                stdio.err().println(idle.table());
            }
            return report(machine, end, statsFile, log);
        }
    }

    private MachineConfig config(ConsoleOutput output) {
        MachineConfig.Builder builder = MachineConfig.kernel(options.kernel())
                .commandLine(options.commandLine())
                .memoryBytes(options.memoryBytes())
                .vcpus(options.cpus())
                .pin(options.pins())
                .scaledCounter(options.scaledCounter())
                .hugePages(options.hugePages())
                .timedExits(options.stats() || options.statsFile() != null)
                .warnings(warning -> stdio.err().println("lull: ".concat(OneLine.of(warning))))
                .consoleOutput(output);
        if (!options.devices().isEmpty()) {
            options.devices().forEach(builder::device);
            Path countersFile = options.countersFile() == null
                    ? CountersPath.ofThisProcess(System.getenv())
                    : options.countersFile();
            if (countersFile != null) {
                builder.countersFile(countersFile);
            }
        }
        if (options.initrd() != null) {
            builder.initrd(options.initrd());
        }
        if (options.bootTimer()) {
            builder.onBoot(nanos -> stdio.err().println(ExitTable.bootLine(nanos)));
        }
        return builder.build();
    }

    /** Starts the machine and waits for its end, with the terminal the guest's own meanwhile. */
    private MachineEnd attend(Machine machine, SignalGuard guard, @Nullable IdleSession idle)
            throws InterruptedException {
        try (Terminal terminal = stdio.terminalFd() < 0 ? null : Terminal.raw(stdio.terminalFd())) {
            guard.watch(machine, terminal);
            new ConsoleInput(stdio.in(), machine.console()::receive, terminal != null, machine::stop).start();
            machine.start();
            if (idle != null) {
                idle.start();
            }
            ParavirtualNote note = ParavirtualNote.onParavirtualHost(stdio);
            MachineEnd end = machine.awaitEnd();
            if (note != null) {
                note.cancel();
            }
            return end;
        }
    }

    private int report(Machine machine, MachineEnd end, @Nullable StatsFile statsFile, @Nullable MachineLog log) {
        if (!end.isOrderly()) {
            String hint = ProcessorFlags.haveVirtualization() ? "" : ParavirtualNote.HINT;
            stdio.err().println("lull: ".concat(OneLine.of(end.message())).concat(hint));
            if (!end.details().isEmpty()) {
                stdio.err().println(end.details());
            }
            if (options.debug() && end.cause() != null) {
                end.cause().printStackTrace(stdio.err());
            }
        }
        if (options.stats()) {
            stdio.err().println(ExitTable.of(machine.exitStats()));
            if (!machine.deviceStats().isEmpty()) {
                stdio.err().println(DeviceTable.of(machine.deviceStats()));
            }
            if (machine.bootNanos() >= 0 && !options.bootTimer()) {
                stdio.err().println(ExitTable.bootLine(machine.bootNanos()));
            }
        }
        if (options.stats() || options.debug()) {
            stdio.err().println("vCPU entry: ".concat(VcpuEntry.kind().description()));
        }
        if (statsFile != null && log != null) {
            statsFile.write(log.of(machine.exitStats(), machine.deviceStats(), System.currentTimeMillis()));
        }
        return end.isOrderly() ? ExitStatus.OK : ExitStatus.FAILURE;
    }
}
