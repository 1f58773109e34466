package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.CommandException;
import dev.lull.agent.cli.ExitStatus;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostEvent;
import dev.lull.agent.client.HostEvents;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lull events}. */
@Command(
        name = "events",
        header = "Show what happens to the machines of this host's lulld, as it happens.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull events",
            "      A line an event, until Ctrl-C: when, which machine, what.",
            "  lull events --json web1 | jq -r 'select(.type == \"ended\") | .message'",
            "      A JSON object an event, of one machine, for a program."
        })
public final class EventsCommand implements Callable<Integer> {
    @Parameters(arity = "0..*", paramLabel = "ID", description = "Which machines' events; all unless given.")
    private List<String> ids = new ArrayList<>();

    @Option(names = "--json", description = "Print lulld's own words, a JSON object a line.")
    private boolean json;

    @Mixin
    private HostOptions host = new HostOptions();

    private final Stdio stdio;

    /** The command. */
    public EventsCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public Integer call() {
        try (HostEvents events = host.client().events()) {
            for (HostEvent event = events.next(); event != null; event = events.next()) {
                boolean wanted = ids.isEmpty() || ids.contains(event.vm());
                if (wanted && !stdio.print(json ? event.json() : line(event))) {
                    return ExitStatus.OK;
                }
            }
        }
        throw new CommandException("lulld has ended; there are no more events");
    }

    private static String line(HostEvent event) {
        // As wide as the longest usual id and type.
        return "%s  %-12s  %-8s  %s"
                .formatted(event.at(), event.vm(), event.type(), event.message())
                .stripTrailing();
    }
}
