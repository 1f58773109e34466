package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.SocketConfig;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many streams at once between guest and host, opened by either, each byte checked, each half closed in order. */
@Tag("lab")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class VsockStreamsTest {
    private static final int STREAMS = 64;
    private static final int BYTES = Soak.of(128 << 10, 4 << 20);
    private static final String EXPECTED = "streams=%d bytes=%d wrong=0".formatted(STREAMS, (long) STREAMS * BYTES);

    @Test
    void streamsAreExactBothWays(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("vsock");
        String streams = LabKernels.tool("streams").toString();
        try (DebianGuest guest = DebianGuest.boot(2, 512, List.of(new SocketConfig("vsock", 3, socket)))) {
            guest.run("modprobe vmw_vsock_virtio_transport");

            guest.run("streams listen vsock:1024 %d %d >/tmp/streams 2>&1 & listener=$!".formatted(STREAMS, BYTES));
            guest.await("grep -q listening /tmp/streams");
            assertThat(Host.run(streams, "connect", socket + ":1024", number(STREAMS), number(BYTES)))
                    .isEqualTo(EXPECTED);
            assertThat(guest.run("wait $listener; cat /tmp/streams")).contains(EXPECTED);

            Process listener = Host.start(streams, "listen", socket + "_1025", number(STREAMS), number(BYTES));
            try (BufferedReader said = listener.inputReader(StandardCharsets.UTF_8)) {
                assertThat(said.readLine()).isEqualTo("listening");
                assertThat(guest.run("streams connect vsock:1025 %d %d".formatted(STREAMS, BYTES)))
                        .contains(EXPECTED);
                assertThat(said.readLine()).isEqualTo(EXPECTED);
            } finally {
                listener.destroyForcibly();
            }
            guest.endClean();
        }
    }

    private static String number(int value) {
        return Integer.toString(value);
    }
}
