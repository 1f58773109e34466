package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lull vm send-keys}. */
@Command(
        name = "send-keys",
        header = "Press keys of a machine's keyboard.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm send-keys web1 ctrl-alt-del",
            "      Most Linux guests shut down on that. What is typed on a console goes by: lull vm console"
        })
final class SendKeysCommand extends OnMachine {
    private static final String CTRL_ALT_DEL = "ctrl-alt-del";

    @Parameters(index = "1", paramLabel = "KEYS", description = "ctrl-alt-del, the only ones there are.")
    private String keys = "";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    SendKeysCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void act(HostClient client, String id) {
        if (!keys.equalsIgnoreCase(CTRL_ALT_DEL)) {
            throw new ParameterException(
                    spec.commandLine(), "'" + keys + "' cannot be pressed; there is only " + CTRL_ALT_DEL);
        }
        client.put(HostClient.vmPath(id) + "/actions", Map.of("action_type", "SendCtrlAltDel"));
    }
}
