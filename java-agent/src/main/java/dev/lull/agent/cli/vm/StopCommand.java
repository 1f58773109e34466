package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lull vm stop}. */
@Command(
        name = "stop",
        header = "Press machines' power buttons, and turn off those that do not react.",
        description = "A stopped machine stays known, and can be started again, until: lull vm rm ID",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm stop web1",
            "      Ask it to shut down; after 30 seconds it is turned off.",
            "  lull vm stop --grace 5m db1",
            "      It may take five minutes.",
            "  lull vm stop --now web1",
            "      As if its power cord was pulled."
        })
final class StopCommand extends StateChange {
    private static final String DEFAULT_GRACE = "30s";

    @Option(
            names = "--grace",
            paramLabel = "TIME",
            defaultValue = DEFAULT_GRACE,
            converter = TimeSpan.class,
            description = "How long a machine may take to shut down, with ms, s, m or h (${DEFAULT-VALUE}).")
    private Duration grace = Duration.ZERO;

    @Option(names = "--now", description = "Turn them off at once.")
    private boolean now;

    StopCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void change(HostClient client, String id) {
        Duration limit = now ? Duration.ZERO : grace;
        client.put(HostClient.vmPath(id) + "/stop", Map.of("grace_ms", limit.toMillis()), limit);
    }
}
