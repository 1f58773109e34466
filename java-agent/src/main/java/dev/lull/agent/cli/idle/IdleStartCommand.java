package dev.lull.agent.cli.idle;

import dev.lull.agent.cli.ExitStatus;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.cli.vm.HostOptions;
import dev.lull.agent.cli.vm.JsonOption;
import dev.lull.agent.cli.vm.TimeSpan;
import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.IdleInfo;
import dev.lull.agent.idle.TaskKind;
import dev.lull.agent.json.JsonMembers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lull idle start}. */
@Command(
        name = "start",
        header = "Begin a task in a machine's idle time.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull idle start web1 fingerprints --base debian.img",
            "      Find pages that are zero, equal to others, or of the image; see with: lull idle web1",
            "  lull idle start web1 fingerprints --deadline 1m",
            "      If it is not done by then, on a CPU that is no guest's."
        })
final class IdleStartCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "ID", description = "Which machine; it runs, with vCPUs bound to CPUs.")
    private String id = "";

    @Parameters(index = "1", paramLabel = "TASK", description = "What to do: ${COMPLETION-CANDIDATES}.")
    private TaskKind task = TaskKind.FINGERPRINTS;

    @Option(
            names = "--base",
            paramLabel = "FILE",
            description = "Of fingerprints: a base image, for example of the guest's disk, whose pages are looked for.")
    private @Nullable Path base;

    @Option(
            names = "--priority",
            paramLabel = "N",
            description = "From -100 to 100: of two tasks the one with more goes first; 0 unless given.")
    private @Nullable Integer priority;

    @Option(
            names = "--deadline",
            paramLabel = "TIME",
            converter = TimeSpan.class,
            description = "How long the task may wait for idle time, with ms, s, m or h; for ever unless given.")
    private @Nullable Duration deadline;

    @Mixin
    private HostOptions host = new HostOptions();

    @Mixin
    private JsonOption json = new JsonOption();

    private final Stdio stdio;

    IdleStartCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public Integer call() {
        byte[] answer = host.client()
                .put(
                        HostClient.vmPath(id) + "/idle/tasks",
                        new JsonMembers()
                                .with("task", task.toString())
                                .with("base_path", base == null ? null : base.toAbsolutePath())
                                .with("priority", priority)
                                .with("deadline_ms", deadline == null ? null : deadline.toMillis())
                                .toMap());
        json.print(
                stdio,
                answer,
                () -> "%s: %s is task %d; see with: lull idle %s"
                        .formatted(id, task, IdleInfo.Task.parse(answer).id(), id));
        return ExitStatus.OK;
    }
}
