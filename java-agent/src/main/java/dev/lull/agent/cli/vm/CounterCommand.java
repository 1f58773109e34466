package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.CounterInfo;
import dev.lull.agent.client.HostClient;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lull vm counter}. */
@Command(
        name = "counter",
        header = "Show a guest's counter of its own frequency, and change what it is made of.",
        description = "For a machine that runs, of lull vm create --counter scaled[:HZ].",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm counter web1",
            "      Its frequency, the host's, and the guest's time.",
            "  lull vm counter web1 --dilation 2",
            "      As if the host's counter went twice as fast from now on: a second of the guest's lasts two, and its "
                    + "clock goes on without a step."
        })
final class CounterCommand extends OnMachine {
    private static final double SECOND_NANOS = 1e9;

    @Option(
            names = "--dilation",
            paramLabel = "FACTOR",
            description = "How many seconds a second of the guest's lasts from now on, 0.1 to 10; for tests.")
    private @Nullable Double dilation;

    @Mixin
    private JsonOption json = new JsonOption();

    CounterCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void act(HostClient client, String id) {
        String path = HostClient.vmPath(id) + "/counter";
        if (dilation != null) {
            client.patch(path, Map.of("dilation", dilation));
        }
        byte[] answer = client.get(path);
        json.print(stdio(), answer, () -> text(CounterInfo.parse(answer)));
    }

    private static String text(CounterInfo counter) {
        return String.format(
                Locale.ROOT,
                """
                counter     %d Hz, made of the host's of %d Hz
                a second    %s s
                guest time  %.3f s
                page        0x%x
                addresses   %d refused""",
                counter.nominalHz(),
                counter.hostHz(),
                counter.dilation(),
                counter.guestNanos() / SECOND_NANOS,
                counter.pageGpa(),
                counter.refusedAddresses());
    }
}
