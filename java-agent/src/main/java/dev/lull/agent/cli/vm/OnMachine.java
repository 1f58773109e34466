package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.ExitStatus;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A command about one machine. */
abstract class OnMachine implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "ID", description = "Which machine.")
    private String id = "";

    @Mixin
    private HostOptions host = new HostOptions();

    private final Stdio stdio;

    OnMachine(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public final Integer call() throws InterruptedException {
        act(host.client(), id);
        return ExitStatus.OK;
    }

    /** Does it. */
    abstract void act(HostClient client, String id) throws InterruptedException;

    Stdio stdio() {
        return stdio;
    }
}
