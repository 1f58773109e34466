package dev.lull.agent.cli.idle;

import dev.lull.agent.cli.ExitStatus;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.cli.vm.HostOptions;
import dev.lull.agent.cli.vm.JsonOption;
import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.IdleInfo;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lull idle}. */
@Command(
        name = "idle",
        header = "Show and use the time in which machines' vCPUs have halted.",
        description = {
            "While the guest of a vCPU with a CPU of its own (lull vm create --pin) has halted, that CPU works through tasks "
                    + "for its machine, in steps of at most 50 us, and gives way when the guest wakes up. No step "
                    + "begins while a guest is awake.",
            "A line a machine: its CPUs; how much of the time since its start its vCPUs had halted, where a halt that is not "
                    + "over is not counted yet; what steps took of that; the steps, those during which the guest woke up, "
                    + "and those that had another CPU as their task was past its deadline; tasks under way, done, and "
                    + "ended before they were done.",
            "With ID, one machine with its tasks. How long a woken vCPU waits is told by the host's scheduler in sums, of "
                    + "which 'run queue' shows the mean of each second; a wait not after a halt is in it, too."
        },
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm create web1 --kernel vmlinuz --initrd initrd.img --pin 1 --start",
            "  lull idle start web1 fingerprints && lull idle web1",
            "      See in web1's idle time what memory it could share, and how far that is.",
            "  lull idle",
            "      All machines.",
            "  lull run --kernel vmlinuz --initrd initrd.img --pin 1 --idle fingerprints --idle-log idle.log",
            "  lull idle check idle.log && lull idle plot idle.log -o idle.html",
            "      Prove that no step took a guest's time, and look at a second of it in a browser."
        })
public final class IdleCommand implements Callable<Integer> {
    @Parameters(index = "0", arity = "0..1", paramLabel = "ID", description = "Which machine; all unless given.")
    private @Nullable String id;

    @Mixin
    private HostOptions host = new HostOptions();

    @Mixin
    private JsonOption json = new JsonOption();

    private final Stdio stdio;

    private IdleCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    /** The command with its own commands. */
    public static CommandLine tree(Stdio stdio) {
        return new CommandLine(new IdleCommand(stdio))
                .addSubcommand(new IdleStartCommand(stdio))
                .addSubcommand(new IdleStopCommand(stdio))
                .addSubcommand(new IdleCheckCommand(stdio))
                .addSubcommand(new IdlePlotCommand(stdio));
    }

    @Override
    public Integer call() {
        if (id == null) {
            byte[] answer = host.client().get("/idle");
            json.print(stdio, answer, () -> IdleText.table(IdleInfo.parseAll(answer)));
        } else {
            byte[] answer = host.client().get(HostClient.vmPath(id) + "/idle");
            json.print(stdio, answer, () -> IdleText.sheet(IdleInfo.Detail.parse(answer)));
        }
        return ExitStatus.OK;
    }
}
