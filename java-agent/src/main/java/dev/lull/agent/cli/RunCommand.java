package dev.lull.agent.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code lull run} as picocli sees it: help, completion, and what to say about a wrong command line. */
@Command(
        name = "run",
        header = "Boot a Linux kernel with its console on this terminal.",
        description = {
            "Boots an unmodified Linux kernel in a virtual machine. The guest's first serial port is this terminal: "
                    + "what you type goes to the guest, Ctrl-C included.",
            "Ctrl-a x leaves and ends the guest; Ctrl-a a types Ctrl-a."
        },
        optionListHeading = "%nOptions:%n",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:The guest powered off or reset, or you left with Ctrl-a x.",
            "1:The guest or the host failed; a guest's registers are shown.",
            "2:Wrong usage: an option, the kernel, the initrd, or more than this host has.",
            "130, 143:Ended by Ctrl-C (where it does not go to the guest), by SIGTERM."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull run --kernel vmlinuz --initrd initrd.img",
            "      A shell or whatever the initrd's /init starts, with one vCPU and 256 MiB.",
            "  lull run --kernel vmlinuz --initrd initrd.img --memory 4G --cpus 4 --cmdline 'console=ttyS0 quiet'",
            "      A larger guest that boots silently.",
            "  lull run --kernel vmlinuz --initrd initrd.img --cmdline 'console=ttyS0 root=/dev/vda' "
                    + "--disk path=debian.img --net user-tap --rng",
            "      A guest with a disk, a network and random numbers.",
            "  lull run --kernel vmlinux --initrd initrd.img --stats --stats-file exits.hlog </dev/null",
            "      What the guest's exits cost: a table now, and histograms for HdrHistogram's tools.",
            "  lull run --kernel vmlinuz --initrd initrd.img --pin 1 --idle fingerprints --stats",
            "      While the guest rests, find what memory it could share.",
            "  ssh host lull run --kernel vmlinuz --boot-timer </dev/null | tee console.log",
            "      No terminal needed; the guest's console is standard output, Lull's own words are not."
        })
final class RunCommand implements Callable<Integer> {
    @Option(
            names = "--kernel",
            required = true,
            paramLabel = "FILE",
            description = "Linux bzImage (a distribution's vmlinuz) or ELF vmlinux. Required.")
    private Path kernel = Path.of("");

    @Mixin
    private GuestOptions guest = new GuestOptions();

    @Mixin
    private CounterOptions counter = new CounterOptions();

    @Option(
            names = "--dilation",
            paramLabel = "FACTOR",
            description =
                    "With --counter scaled, for tests: how many seconds a second of the guest's lasts, 0.1 to 10.")
    private @Nullable Double dilation;

    @Mixin
    private IdleOptions idle = new IdleOptions();

    @Mixin
    private DeviceOptions devices = new DeviceOptions();

    @Option(
            names = "--counters-file",
            paramLabel = "FILE",
            description = "Where other programs can read the devices' counters while the guest runs; "
                    + "$XDG_RUNTIME_DIR/lull/PID.counters, or /run/lull/PID.counters for root, unless given.")
    private @Nullable Path countersFile;

    @Option(
            names = "--stats",
            description = "At the end print, per vCPU and reason, how often the guest left the processor and how long "
                    + "that took to handle; and per device and operation how long requests took from queue to "
                    + "completion, and what was counted.")
    private boolean stats;

    @Option(
            names = "--stats-file",
            paramLabel = "FILE",
            description = "At the end write the same as histograms, in HdrHistogram's log format (.hlog), nanoseconds.")
    private @Nullable Path statsFile;

    @Option(
            names = "--boot-timer",
            description = "Say how long the guest took from power-on until it wrote 123 to port 0x3f0.")
    private boolean bootTimer;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @ParentCommand
    private @Nullable LullCommand parent;

    private final Stdio stdio;

    RunCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public Integer call() throws InterruptedException {
        return new RunSession(options(), stdio).run();
    }

    /** What was asked for. */
    RunOptions options() {
        return new RunOptions(
                kernel,
                guest.initrd(),
                guest.commandLine(),
                guest.memoryBytes(),
                guest.cpus(),
                guest.hugePages(),
                guest.pins(),
                counter.config(spec, dilation),
                idle.work().isEmpty() ? null : idle,
                devices.configs(spec),
                countersFile,
                stats,
                statsFile,
                bootTimer,
                parent != null && parent.debug());
    }
}
