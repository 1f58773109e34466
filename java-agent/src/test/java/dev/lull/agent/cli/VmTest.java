package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.lull.agent.client.VmInfo;
import dev.lull.agent.json.JsonObject;
import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code lull vm} and a {@code lulld}, with guests that run on any KVM. */
@Requires(Facility.KVM)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VmTest {
    private static final String[] GUEST = {"--kernel", Payload.SPIN.toString(), "--memory", "64M"};

    @TempDir
    private Path directory;

    private TestDaemon lulld;

    @BeforeEach
    void start() throws Exception {
        lulld = TestDaemon.start(directory);
    }

    @AfterEach
    void stop() throws Exception {
        lulld.close();
    }

    @Test
    void aMachinesLife() throws Exception {
        assertThat(lulld.out("vm", "list")).startsWith("There are no machines. Make one with: lull vm create");
        assertThat(create("web1")).isEqualTo("web1: Not started\n");
        assertThat(lulld.out("vm", "start", "web1")).isEqualTo("web1: Running\n");
        assertThat(lulld.out("vm", "list"))
                .containsPattern("^ID +STATE +vCPUs +MEMORY +UP +LAST END\nweb1 +Running +1 +64 MiB +\\ds +-\n$");
        assertThat(lulld.out("vm", "pause", "web1")).isEqualTo("web1: Paused\n");
        assertThat(lulld.out("vm", "resume", "web1")).isEqualTo("web1: Running\n");
        assertRefused(
                "web1 runs; stop it first: lull vm stop web1, or turn it off: lull vm rm --force web1", "rm", "web1");
        assertThat(lulld.out("vm", "stop", "--grace", "50ms", "web1"))
                .isEqualTo("web1: Not started, the machine was stopped\n");
        assertThat(lulld.out("vm", "list"))
                .containsPattern("web1 +Not started +1 +64 MiB +- +the machine was stopped, ");
        assertThat(lulld.out("vm", "start", "web1")).isEqualTo("web1: Running\n");
        assertThat(lulld.out("vm", "stop", "--now", "web1")).startsWith("web1: Not started");
        assertThat(lulld.out("vm", "rm", "web1")).isEqualTo("web1: removed\n");
        assertRefused("There is no microVM web1.", "show", "web1");
    }

    @Test
    void manyAtATimeAndOneThatIsNotThereKeepsNoOther() throws Exception {
        create("a");
        create("b");
        assertThat(lulld.out("vm", "start", "a", "b")).isEqualTo("a: Running\nb: Running\n");
        Lull.Result result = lulld.lull("vm", "rm", "--force", "a", "none", "b");
        assertThat(result.out()).isEqualTo("a: removed\nb: removed\n");
        assertThat(result.err()).isEqualTo("lull: none: There is no microVM none.\n");
        assertThat(result.status()).isEqualTo(1);
    }

    @Test
    void aMachineHasTheDevicesItWasGiven() throws Exception {
        Path disk = image("disk");
        create("db1", "--disk", "path=" + disk + ",id=root,readonly,rate=10M", "--rng", "--balloon", "0", "--start");
        assertThat(lulld.client().vm("db1").devices())
                .extracting(VmInfo.Device::id, VmInfo.Device::kind)
                .contains(tuple("root", "drive"), tuple("entropy", "entropy"), tuple("balloon", "balloon"));
        assertThat(lulld.out("vm", "attach-disk", "db1", "--disk", "path=" + image("more")))
                .isEqualTo("db1: attached disk0\n");
        assertThat(lulld.out("vm", "attach-disk", "db1", "--disk", "path=" + image("third")))
                .isEqualTo("db1: attached disk1\n");
        assertThat(lulld.out("vm", "show", "db1"))
                .containsPattern("(?m)^state +Running$")
                .containsPattern("(?m)^devices +root \\(drive\\), disk0 \\(drive\\), disk1 \\(drive\\), .*balloon")
                .containsPattern("(?m)^console .*\\(lull vm console db1\\)$");
        assertRefused("db1 has no device disk7; it has root, disk0, disk1", "detach", "db1", "disk7");
        assertRefused("entropy is a entropy; disks and network devices can be detached", "detach", "db1", "entropy");
        assertThat(lulld.out("vm", "histograms", "db1")).startsWith("µs ").contains("drive-root.read ");
        assertThat(lulld.out("vm", "histograms", "db1", "drive-root.read").lines())
                .hasSize(2);
    }

    @Test
    void aGuestsSecondsCanBeMadeLonger() throws Exception {
        create("time1", "--counter", "scaled:370000000", "--start");
        assertThat(lulld.out("vm", "config", "time1")).contains("\"counter_hz\": 370000000");
        assertThat(lulld.out("vm", "counter", "time1"))
                .containsPattern("(?m)^counter +370000000 Hz, made of the host's of \\d+ Hz$")
                .containsPattern("(?m)^a second +1\\.0 s$");
        assertThat(lulld.out("vm", "counter", "time1", "--dilation", "2.5")).containsPattern("(?m)^a second +2\\.5 s$");
        assertRefused(
                "An error occurred when deserializing the json body of a request: dilation: invalid value: 11.0, "
                        + "expected a number from 0.1 to 10.0.",
                "counter",
                "time1",
                "--dilation",
                "11");
        create("host1", "--start");
        assertRefused(
                "Counter error: the guest has the host's; stop the microVM, give counter_hz in machine-config, and "
                        + "start it",
                "counter",
                "host1");
        assertRefused("Counter error: host1 was made with the host's counter", "counter", "host1", "--dilation", "2");
    }

    @Test
    void aConfigurationMakesAnotherMachine() throws Exception {
        create("web1", "--cpus", "2", "--cmdline", "a b");
        String config = lulld.out("vm", "config", "web1");
        assertThat(config).contains("\n  \"machine-config\": {\n    \"vcpu_count\": 2,");
        Path file = Files.writeString(directory.resolve("vm.json"), config);
        assertThat(lulld.out("vm", "create", "web2", "--config", file.toString(), "--start"))
                .isEqualTo("web2: Running\n");
        assertThat(json("vm", "config", "web2", "--json")).isEqualTo(json("vm", "config", "web1", "--json"));
        VmInfo vm = VmInfo.parse(json("vm", "show", "web2", "--json").getBytes(StandardCharsets.UTF_8));
        assertThat(vm.vcpuCount()).isEqualTo(2);
    }

    @Test
    void programsGetTheServicesOwnWords() throws Exception {
        create("web1");
        assertThat(json("vm", "start", "web1", "--json")).contains("\"state\":\"Running\"");
        JsonObject list = JsonObject.parse(json("vm", "list", "--json").getBytes(StandardCharsets.UTF_8));
        assertThat(list.objects("vms")).extracting(vm -> vm.string("id")).containsExactly("web1");
    }

    @Test
    void aConsoleIsReadAndTypedOn() throws Exception {
        lulld.out(
                "vm",
                "create",
                "echo",
                "--kernel",
                BareKernel.ECHO.in(directory).toString(),
                "--start");
        List<String> command =
                Lull.command("vm", "console", "echo", "--socket", lulld.socket().toString());
        Process console = new ProcessBuilder(command).start();
        assertThat(console.getInputStream().read()).isEqualTo('>');
        console.getOutputStream().write("hallo\u0001x".getBytes(StandardCharsets.US_ASCII));
        console.getOutputStream().flush();
        assertThat(console.getInputStream().readNBytes(7))
                .isEqualTo("hallo\u0001x".getBytes(StandardCharsets.US_ASCII));
        console.getOutputStream().write('q');
        Lull.Result result = Lull.await(console);
        assertThat(result).isEqualTo(new Lull.Result(0, "", "echo: Not started, the guest powered off\n"));
        Lull.Result after = lulld.lull("vm", "console", "echo");
        assertThat(after.out()).as("the last words").isEqualTo(">hallo\u0001x");
        assertThat(after.status()).isZero();
    }

    @Test
    void eventsAreToldAsTheyHappen() throws Exception {
        List<String> command =
                Lull.command("events", "web1", "--socket", lulld.socket().toString());
        Process events = new ProcessBuilder(command).redirectErrorStream(true).start();
        var lines = events.inputReader();
        try {
            // The first that is heard tells that it listens.
            String first = null;
            for (int i = 0; first == null; i++) {
                create("other" + i);
                create("web1");
                lulld.out("vm", "rm", "web1");
                first = lines.ready() ? lines.readLine() : null;
            }
            assertThat(first).matches("\\S+Z  web1 +(created|removed)");
            create("web1", "--start");
            lulld.out("vm", "stop", "--now", "web1");
            String line = first;
            while (!line.matches("\\S+Z  web1 +started")) {
                line = lines.readLine();
            }
            assertThat(lines.readLine()).matches("\\S+Z  web1 +ended +the machine was stopped");
            lulld.close();
            assertThat(lines.readLine()).matches(".*(removed|lull: lulld has ended; there are no more events)");
        } finally {
            events.destroy();
        }
    }

    private String create(String id, String... more) throws IOException {
        String[] arguments = new String[3 + GUEST.length + more.length];
        System.arraycopy(new String[] {"vm", "create", id}, 0, arguments, 0, 3);
        System.arraycopy(GUEST, 0, arguments, 3, GUEST.length);
        System.arraycopy(more, 0, arguments, 3 + GUEST.length, more.length);
        return lulld.out(arguments);
    }

    private String json(String... arguments) throws IOException {
        String out = lulld.out(arguments);
        assertThat(out.lines()).hasSize(1);
        return out;
    }

    private void assertRefused(String message, String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = "vm";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        Lull.Result result = lulld.lull(all);
        assertThat(result.errLines()).hasSize(1);
        assertThat(result.err()).startsWith("lull: " + message);
        assertThat(result.out()).isEmpty();
        assertThat(result.status()).isEqualTo(1);
    }

    private Path image(String name) throws IOException {
        return Files.write(directory.resolve(name), new byte[1 << 20]);
    }
}
