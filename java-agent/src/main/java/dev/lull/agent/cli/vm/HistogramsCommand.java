package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HistogramInfo;
import dev.lull.agent.client.HostClient;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lull vm histograms}. */
@Command(
        name = "histograms",
        header = "Show how long what a machine asks for takes: its exits, its devices' requests.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm histograms web1",
            "      All of them, in microseconds, since the machine was started.",
            "  lull vm histograms --json web1 disk0.read",
            "      One, in nanoseconds, for a program."
        })
final class HistogramsCommand extends OnMachine {
    @Parameters(index = "1", arity = "0..1", paramLabel = "NAME", description = "Which one; all unless given.")
    private @Nullable String name;

    @Mixin
    private JsonOption json = new JsonOption();

    HistogramsCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void act(HostClient client, String id) {
        byte[] answer =
                client.get(name == null ? HostClient.vmPath(id) + "/histograms" : HostClient.histogramPath(id, name));
        json.print(
                stdio(),
                answer,
                () -> HistogramText.table(
                        name == null ? HistogramInfo.parseAll(answer) : List.of(HistogramInfo.parse(answer))));
    }
}
