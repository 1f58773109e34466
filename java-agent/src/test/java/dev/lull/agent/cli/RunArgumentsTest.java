package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The short way to {@code run}'s options gives what picocli gives, and takes nothing picocli refuses. */
class RunArgumentsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "run --kernel k",
                "run --kernel=k --initrd=i --memory=4G --cpus=32",
                "run --cpus 2 --kernel k --cmdline console=ttyS0,a=b --memory 512m",
                "run --stats --stats-file s.hlog --boot-timer --hugepages --debug --kernel k",
                "run --kernel k --cpus +3",
                "run --kernel k --cpus 0 --memory 0",
                "run --kernel k --disk path=a --disk=path=b,readonly,direct,id=root,queues=4,rate=10M,ops=5,burst=1G",
                "run --kernel k --net tap=t0,mac=02:00:00:00:00:01 --net user-tap --net user-tap=mine,id=n,rate=1M",
                "run --rng --kernel k --counters-file c",
                "run --kernel k --rng",
                "run --kernel k --rng=rate=1K,ops=2",
                "run --rng rate=1K --kernel k",
                "run --kernel k --balloon 0",
                "run --kernel k --vsock cid=3,uds=s,id=v",
                "run --kernel k --balloon=128M,deflate-on-oom",
                "run --kernel k --rng --disk path=a --stats"
            })
    void isWhatPicocliUnderstands(String line) {
        String[] arguments = line.split(" ");
        assertThat(RunArguments.parse(arguments)).isNotNull().isEqualTo(byPicocli(arguments));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "check",
                "run",
                "run --kernel",
                "run --kernel=",
                "run k",
                "run --kernel k extra",
                "run --kernel k --kernel l",
                "run --kernel k --frob",
                "run --kernel k --stats=maybe",
                "run --kernel k --help",
                "run --kernel --stats",
                "run --kernel k --memory lots",
                "run --kernel k --cpus two",
                "run --kernel k --cpus 99999999999",
                "run --kernel k --disk",
                "run --kernel k --disk image",
                "run --kernel k --disk path=a,path=b",
                "run --kernel k --disk path=a,queues=17",
                "run --kernel k --net tap=a,user-tap",
                "run --kernel k --net tap=a,mac=nonsense",
                "run --kernel k --rng --rng",
                "run --kernel k --balloon",
                "run --kernel k --balloon large",
                "run --kernel k --vsock cid=2,uds=s",
                "run --kernel k --vsock uds=s",
                "run --kernel k --vsock cid=3",
                "run --kernel k --balloon 1M,soon",
                "run --kernel k --balloon 1M --balloon 2M",
                "run --kernel k --rng=often",
                "run --kernel k --counters-file a --counters-file b",
                "--debug run --kernel k"
            })
    void leavesTheRestToPicocli(String line) {
        assertThat(RunArguments.parse(line.split(" "))).isNull();
    }

    private static RunOptions byPicocli(String... arguments) {
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8);
        Stdio stdio = new Stdio(new ByteArrayInputStream(new byte[0]), nowhere, nowhere, -1);
        CommandLine run = CommandTree.of(stdio)
                .parseArgs(arguments)
                .subcommand()
                .commandSpec()
                .commandLine();
        return run.<RunCommand>getCommand().options();
    }
}
