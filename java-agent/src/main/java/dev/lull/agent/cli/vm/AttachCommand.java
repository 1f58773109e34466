package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.VmInfo;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that gives a machine a device. */
abstract class AttachCommand extends OnMachine {
    /** More than a machine has slots for. */
    private static final int MAX_NUMBER = 1000;

    @Mixin
    private JsonOption json = new JsonOption();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    AttachCommand(Stdio stdio) {
        super(stdio);
    }

    /**
     * Has a device attached.
     *
     * @param kinds what devices of its kind are called in paths
     * @param name what they are called, before a number, unless the user names them
     * @param device makes the body, its first member the id, of the id for one that was given none
     */
    final void attach(
            HostClient client,
            String vm,
            String kinds,
            String name,
            Function<String, Map<String, @Nullable Object>> device) {
        Map<String, @Nullable Object> body;
        try {
            body = device.apply(freeId(client.vm(vm), name));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        String id = String.valueOf(body.values().iterator().next());
        client.put(HostClient.vmPath(vm) + "/" + kinds + "/" + HostClient.encoded(id), body);
        byte[] answer = client.get(HostClient.vmPath(vm));
        json.print(stdio(), answer, () -> vm + ": attached " + id);
    }

    private static String freeId(VmInfo vm, String name) {
        Set<String> taken = vm.devices().stream().map(VmInfo.Device::id).collect(Collectors.toSet());
        int number = 0;
        while (number < MAX_NUMBER && taken.contains(name + number)) {
            number++;
        }
        return name + number;
    }
}
