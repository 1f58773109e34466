package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.CommandException;
import dev.lull.agent.cli.ExitStatus;
import dev.lull.agent.cli.OneLine;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.HostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A command that does the same to each of some machines, the others too where one cannot be helped. */
abstract class OnMachines implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "ID", description = "Which machines.")
    private List<String> ids = new ArrayList<>();

    @Mixin
    private HostOptions host = new HostOptions();

    private final Stdio stdio;

    OnMachines(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public final Integer call() {
        HostClient client = host.client();
        int status = ExitStatus.OK;
        for (String id : ids) {
            try {
                act(client, id);
            } catch (HostException | CommandException e) {
                if (ids.size() == 1) {
                    throw e;
                }
                stdio.err().println("lull: " + OneLine.of(id + ": " + e.getMessage()));
                status = ExitStatus.FAILURE;
            }
        }
        return status;
    }

    /** Does it to one. */
    abstract void act(HostClient client, String id);

    Stdio stdio() {
        return stdio;
    }
}
