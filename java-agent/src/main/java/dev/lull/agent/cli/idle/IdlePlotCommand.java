package dev.lull.agent.cli.idle;

import dev.lull.agent.cli.CommandException;
import dev.lull.agent.cli.ExitStatus;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.cli.vm.TimeSpan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lull idle plot}. */
@Command(
        name = "plot",
        header = "Draw a log of idle time: when guests had halted, and the steps that were taken then.",
        description =
                "The page is HTML that needs nothing else; point at what is drawn for its times. It says what of a guest's "
                        + "time a log does not tell.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull idle plot idle.log -o idle.html",
            "      The second with the most steps, and the busiest part of it enlarged.",
            "  lull idle plot idle.log --from 2.5s --length 20ms >part.html",
            "      Twenty milliseconds, 2.5 s after the log's first line."
        })
final class IdlePlotCommand implements Callable<Integer> {
    private static final Duration MIN_LENGTH = Duration.ofMillis(1);

    @Parameters(index = "0", paramLabel = "LOG", description = "What lull run --idle-log has written.")
    private Path log = Path.of("");

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Where to write the page; standard output unless given.")
    private @Nullable Path output;

    @Option(
            names = "--from",
            paramLabel = "TIME",
            converter = TimeSpan.class,
            description =
                    "Where to begin, with ms, s, m or h from the log's begin; where most steps follow unless given.")
    private @Nullable Duration from;

    @Option(
            names = "--length",
            paramLabel = "TIME",
            defaultValue = "1s",
            converter = TimeSpan.class,
            description = "How much to draw (${DEFAULT-VALUE}).")
    private Duration length = Duration.ZERO;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final Stdio stdio;

    IdlePlotCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public Integer call() {
        if (length.compareTo(MIN_LENGTH) < 0) {
            throw new ParameterException(spec.commandLine(), "--length: give at least 1ms");
        }
        String page = page();
        if (output == null) {
            stdio.print(page);
        } else {
            try {
                Files.writeString(output, page);
            } catch (IOException e) {
                throw new CommandException(output + ": cannot be written: " + e.getMessage());
            }
        }
        return ExitStatus.OK;
    }

    private String page() {
        Timeline timeline;
        try {
            timeline = Timeline.read(log);
        } catch (IOException e) {
            throw new CommandException(LogFailure.message(log, e));
        }
        long lengthNanos = length.toNanos();
        long fromNanos = from == null
                ? timeline.busiest(timeline.beginNanos(), timeline.endNanos(), lengthNanos)
                : timeline.beginNanos() + from.toNanos();
        if (fromNanos >= timeline.endNanos()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--from: the log ends after " + (timeline.endNanos() - timeline.beginNanos()) / 1_000_000 + " ms");
        }
        return new TimelinePage(timeline, String.valueOf(log.getFileName()), fromNanos, lengthNanos).html();
    }
}
