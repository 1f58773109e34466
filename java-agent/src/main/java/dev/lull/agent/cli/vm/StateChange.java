package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.VmInfo;
import picocli.CommandLine.Mixin;

/** A command that changes what machines do, and shows what they do then. */
abstract class StateChange extends OnMachines {
    @Mixin
    private JsonOption json = new JsonOption();

    StateChange(Stdio stdio) {
        super(stdio);
    }

    @Override
    final void act(HostClient client, String id) {
        change(client, id);
        byte[] answer = client.get(HostClient.vmPath(id));
        json.print(stdio(), answer, () -> VmText.line(VmInfo.parse(answer)));
    }

    /** Asks for the change. */
    abstract void change(HostClient client, String id);
}
