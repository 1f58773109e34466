package dev.lull.agent.cli.idle;

import dev.lull.agent.cli.ExitStatus;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.cli.vm.HostOptions;
import dev.lull.agent.client.HostClient;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lull idle stop}. */
@Command(
        name = "stop",
        header = "End a task in a machine's idle time.",
        description = "What it found until then is still shown by: lull idle ID",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {"  lull idle stop web1 3", "      Task 3 of those that 'lull idle web1' lists."})
final class IdleStopCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "ID", description = "Which machine.")
    private String id = "";

    @Parameters(index = "1", paramLabel = "TASK", description = "Which of its tasks, a number.")
    private int task;

    @Mixin
    private HostOptions host = new HostOptions();

    private final Stdio stdio;

    IdleStopCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public Integer call() {
        host.client().delete(HostClient.vmPath(id) + "/idle/tasks/" + task, Duration.ZERO);
        stdio.print(id + ": task " + task + " is ended");
        return ExitStatus.OK;
    }
}
