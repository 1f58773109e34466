package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.TapConfig;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** iperf3 both ways, and numbered packets, of which none may come damaged or twice. */
@Tag("lab")
@Timeout(value = 40, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM, Facility.ROOT})
class NetTrafficTest {
    private static final String IPERF_AMOUNT = Soak.of("--bytes 64M", "--time 60");
    /** Each way. */
    private static final int PACKETS = Soak.of(40_000, 500_000);

    private static final int PACKETS_PER_SECOND = 4000;
    private static final String PORT = "5300";
    private static final String GUEST = "10.78.0.2";
    private static final String HOST = "10.78.0.1";

    @ParameterizedTest(name = "offloads {0}")
    @ValueSource(strings = {"on", "off"})
    void streamsFlowBothWays(String offloads) throws Exception {
        try (DebianGuest guest = boot()) {
            guest.run("ethtool -K eth0 tx %s rx %s tso %s gso %s gro %s"
                    .formatted(offloads, offloads, offloads, offloads, offloads));
            assertThat(guest.run("ethtool -k eth0")).contains("tx-checksumming: " + offloads);
            Process server = Host.iperfServer();
            try {
                for (String direction : List.of("", "--reverse")) {
                    for (int streams : new int[] {1, 4}) {
                        guest.run(
                                "iperf3 --client %s --json %s %s --parallel %d >/tmp/iperf3; jq -e '.end.sum_received.bytes > 10000000' /tmp/iperf3 || { cat /tmp/iperf3; false; }"
                                        .formatted(HOST, IPERF_AMOUNT, direction, streams));
                    }
                }
            } finally {
                server.destroy();
            }
            guest.endClean();
        }
    }

    @Test
    void packetsComeOnceAndWhole() throws Exception {
        try (DebianGuest guest = boot()) {
            guest.run("sequence receive %s %d 5 >/tmp/received 2>&1 & receiver=$!".formatted(PORT, PACKETS));
            guest.await("grep -q listening /tmp/received");
            Host.run(
                    LabKernels.tool("sequence").toString(),
                    "send",
                    GUEST,
                    PORT,
                    Integer.toString(PACKETS),
                    Integer.toString(PACKETS_PER_SECOND));
            check(guest.run("wait $receiver; cat /tmp/received"));

            Process receiver =
                    Host.start(LabKernels.tool("sequence").toString(), "receive", PORT, Integer.toString(PACKETS), "5");
            guest.run("sequence send %s %s %d %d".formatted(HOST, PORT, PACKETS, PACKETS_PER_SECOND));
            check(new String(receiver.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            guest.endClean();
        }
    }

    /** A network may lose packets under load, but not so many that the others would prove nothing. */
    private static void check(String said) {
        assertThat(said).contains("duplicated=0 corrupted=0");
        int received = Integer.parseInt(said.replaceAll("(?s).*received=(\\d+).*", "$1"));
        assertThat(received).as(said).isGreaterThan(PACKETS / 2);
    }

    private static DebianGuest boot() throws Exception {
        Host.run("modprobe", "tun");
        String tap = "lull-test";
        DebianGuest guest = DebianGuest.boot(2, 512, List.of(TapConfig.creating("net", tap)));
        Host.run("ip", "address", "add", HOST + "/24", "dev", tap);
        Host.run("ip", "link", "set", tap, "up");
        guest.run("modprobe virtio_net && ip address add " + GUEST + "/24 dev eth0 && ip link set eth0 up");
        return guest;
    }
}
