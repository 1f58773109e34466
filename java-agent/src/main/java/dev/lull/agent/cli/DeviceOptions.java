package dev.lull.agent.cli;

import dev.lull.agent.machine.DeviceConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@link DeviceArguments} as picocli sees them. */
public final class DeviceOptions {
    @Option(
            names = "--disk",
            paramLabel = "path=FILE[,...]",
            description =
                    "A disk on a raw image or block device: path=FILE, and after it, each behind a comma, readonly, "
                            + "direct (past the host's page cache), id=NAME, serial=TEXT, queues=N, rate=SIZE and ops=N (at most "
                            + "so many bytes and requests a second), burst=SIZE (once, on top of rate). Repeatable: /dev/vda, "
                            + "/dev/vdb, ...")
    private List<String> disks = new ArrayList<>();

    @Option(
            names = "--net",
            paramLabel = "tap=NAME|user-tap[,...]",
            description =
                    "A network device on the host's TAP device NAME, or with user-tap on one that is made for the "
                            + "guest and goes with it (user-tap=NAME names it; needs CAP_NET_ADMIN). After it mac=ADDRESS, "
                            + "id=NAME, queues=N, rate=SIZE, ops=N, burst=SIZE, each way. Repeatable.")
    private List<String> networks = new ArrayList<>();

    @Option(
            names = "--vsock",
            paramLabel = "cid=N,uds=PATH",
            description =
                    "Sockets between guest and host: the guest is context id N, 3 or more. A program connects to the "
                            + "Unix socket PATH and writes CONNECT PORT to reach that port of the guest; the guest's connection to "
                            + "port P of the host goes to the Unix socket PATH_P.")
    private @Nullable String vsock;

    @Option(
            names = "--rng",
            arity = "0..1",
            fallbackValue = "",
            paramLabel = "rate=SIZE[,...]",
            description = "The host's random numbers for the guest, with rate=SIZE, ops=N, burst=SIZE if given.")
    private @Nullable String rng;

    @Option(
            names = "--balloon",
            paramLabel = "SIZE[,deflate-on-oom]",
            description =
                    "A memory balloon that takes SIZE from the guest, 0 for none at first, and returns to the host "
                            + "what the guest has free; with deflate-on-oom the guest takes memory back before it kills a process.")
    private @Nullable String balloon;

    DeviceArguments arguments() {
        return new DeviceArguments(List.copyOf(disks), List.copyOf(networks), vsock, rng, balloon);
    }

    /** Whether none was given. */
    public boolean isEmpty() {
        return arguments().isEmpty();
    }

    /**
     * The devices, in the order of their slots.
     *
     * @param spec the command that was given them
     * @throws ParameterException if they are not well-formed
     */
    public List<DeviceConfig> configs(CommandSpec spec) {
        try {
            return arguments().configs();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }
}
