package dev.lull.agent.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.BalloonConfig;
import dev.lull.agent.devices.ConsoleConfig;
import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import dev.lull.agent.devices.RngConfig;
import dev.lull.agent.devices.SocketConfig;
import dev.lull.agent.devices.TapConfig;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code hostile.c}, a guest of bare metal, attacks every kind of device through KVM: each input a descriptor, a ring's entry
 * or a register of a device, used as the rules forbid. The machine outlives it, and a disk it spares serves on.
 */
@Requires({Facility.KVM, Facility.ROOT})
@Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileGuestTest {
    private static final long INPUTS = Long.getLong("lull.fuzz.iterations", 100_000);
    private static final long SEED = Long.getLong("lull.fuzz.seed", 1);
    private static final int FIRST_SLOT = 1;
    private static final int SECTOR_BYTES = 512;

    @Test
    void machineOutlivesItAndTheSparedDiskServesOn(@TempDir Path directory) throws Exception {
        GuestConsole console = new GuestConsole();
        List<String> warnings = new CopyOnWriteArrayList<>();
        MachineConfig.Builder config = MachineConfig.kernel(Payload.HOSTILE)
                .commandLine(INPUTS + " " + SEED + " " + FIRST_SLOT)
                .memoryBytes(64L << 20)
                .consoleOutput(console)
                .warnings(warnings::add)
                .device(disk(directory, "spared", "LULLDISK"))
                .device(disk(directory, "attacked", "whatever"))
                .device(TapConfig.creating("net", "lull-hostile"))
                .device(new SocketConfig("vsock", 3, directory.resolve("vsock")))
                .device(new RngConfig("rng", RateLimit.NONE))
                .device(new ConsoleConfig("console", (source, offsetBytes, lengthBytes) -> lengthBytes))
                .device(new BalloonConfig("balloon", 4L << 20, true));
        try (Machine machine = Machine.create(config.build())) {
            machine.start();
            MachineEnd end = machine.awaitEnd();

            assertThat(end.kind()).as(end + " " + console.text()).isEqualTo(MachineEnd.Kind.POWER_OFF);
        }
        assertThat(console.text()).isEqualTo("hostile: whole\n");
        assertThat(warnings).noneMatch(warning -> warning.contains("Lull's own"));
        for (String device : List.of("attacked", "net", "vsock", "rng", "console", "balloon")) {
            assertThat(warnings)
                    .as("rules of %s broken and noticed", device)
                    .anyMatch(warning -> warning.startsWith(device + ": its driver broke a rule: "));
        }
        assertThat(warnings).noneMatch(warning -> warning.startsWith("spared"));
    }

    private static DiskConfig disk(Path directory, String id, String start) throws IOException {
        byte[] content = new byte[8 * SECTOR_BYTES];
        System.arraycopy(start.getBytes(StandardCharsets.US_ASCII), 0, content, 0, start.length());
        Path image = Files.write(directory.resolve(id), content);
        return new DiskConfig(id, image, id, false, false, 1, RateLimit.NONE);
    }
}
