package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.CommandException;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lull vm rm}. */
@Command(
        name = "rm",
        header = "Forget machines that do not run.",
        description = "Disks and kernels stay where they are: only lulld's knowledge of the machine goes.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm rm web1",
            "      Its id is free again.",
            "  lull vm rm --force web1",
            "      Even if it runs."
        })
final class RemoveCommand extends OnMachines {
    @Option(names = "--force", description = "Turn off those that run.")
    private boolean force;

    RemoveCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void act(HostClient client, String id) {
        if (client.vm(id).isAlive()) {
            if (!force) {
                throw new CommandException(
                        "%s runs; stop it first: lull vm stop %s, or turn it off: lull vm rm --force %s"
                                .formatted(id, id, id));
            }
            client.put(HostClient.vmPath(id) + "/stop", Map.of("grace_ms", 0L));
        }
        client.delete(HostClient.vmPath(id), Duration.ZERO);
        stdio().print(id + ": removed");
    }
}
