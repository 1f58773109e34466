package dev.lull.agent.cli;

import dev.lull.agent.idle.TaskFiles;
import dev.lull.agent.idle.TaskKind;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a machine's idle time is used for, as picocli sees it. */
public final class IdleOptions {
    @Option(
            names = "--idle",
            paramLabel = "TASK",
            split = ",",
            description =
                    "Do this while the guest rests, on the CPUs of --pin and in steps of at most 50 us, again some 10 s after it "
                            + "was done: fingerprints (find pages that are zero, equal, or of --idle-base), pre-copy (copy its "
                            + "memory to --idle-copy, over and over what it writes), zero-pages (give pages that are all zero "
                            + "back to the host), working-set (estimate what it touches in 10 s), roll-up (keep what it does by "
                            + "the second, minute and hour). --stats shows what came of it.")
    private List<TaskKind> work = List.of();

    @Option(
            names = "--idle-base",
            paramLabel = "FILE",
            description = "A base image, for example of the guest's disk, whose pages are looked for.")
    private @Nullable Path base;

    @Option(
            names = "--idle-copy",
            paramLabel = "FILE",
            description =
                    "Where pre-copy copies the guest's memory to; it is overwritten, and complete when the guest has ended.")
    private @Nullable Path copy;

    @Option(
            names = "--idle-log",
            paramLabel = "FILE",
            description = "Write a line for each step, and for each rest it was taken in.")
    private @Nullable Path log;

    /** What to do in idle time. */
    public List<TaskKind> work() {
        return List.copyOf(work);
    }

    /** What the tasks work with. */
    public TaskFiles files() {
        return new TaskFiles(base, copy);
    }

    /** Where to log, if anywhere. */
    public @Nullable Path log() {
        return log;
    }
}
