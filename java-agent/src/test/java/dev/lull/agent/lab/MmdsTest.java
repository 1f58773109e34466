package dev.lull.agent.lab;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.devices.RateLimit;
import dev.lull.agent.devices.TapConfig;
import dev.lull.agent.mmds.Mmds;
import dev.lull.agent.mmds.MmdsConfig;
import dev.lull.agent.mmds.MmdsMetrics.Metric;
import dev.lull.agent.mmds.MmdsStore;
import dev.lull.agent.mmds.MmdsVersion;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.net.InetAddress;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Linux's own TCP, with all offloads on, reads metadata while the rest of its network is as it was. */
@Tag("lab")
@Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM, Facility.ROOT})
class MmdsTest {
    private static final String TAP = "lull-mmds";
    private static final String HOST = "10.79.0.1";
    private static final String GUEST = "10.79.0.2";

    /** 40 KB, no two lines alike. */
    private static final String LARGE = large();

    /** {@code ask METHOD PATH [HEADERS]} shows an answer, {@code body} leaves its head out. */
    private static final String ASK = "crlf=$'\\r\\n'; ask() { exec 3<>/dev/tcp/169.254.169.254/80"
            + " && printf '%s %s HTTP/1.1\\r\\nConnection: close\\r\\n%s\\r\\n' \"$1\" \"$2\" \"${3-}\" >&3"
            + " && cat <&3; exec 3>&-; }; body() { sed '1,/^\\r$/d'; }";

    /** A connection for each request. */
    private static final String MANY_CONNECTIONS = "good=0; for ((i = 0; i < requests; i++));"
            + " do exec 3<>/dev/tcp/169.254.169.254/80;"
            + " printf 'GET /latest/name HTTP/1.1\\r\\nConnection: close\\r\\n%s\\r\\n' \"$token\" >&3;"
            + " IFS= read -r -d '' answer <&3; exec 3>&-; [[ $answer == *\"$crlf$crlf\"lull ]] && ((++good)); done; echo $good";

    /** All requests on one connection. */
    private static final String ONE_CONNECTION = "good=0; exec 3<>/dev/tcp/169.254.169.254/80;"
            + " for ((i = 0; i < requests; i++));"
            + " do printf 'GET /latest/name HTTP/1.1\\r\\n%s\\r\\n' \"$token\" >&3;"
            + " while IFS= read -r line <&3 && [[ $line != $'\\r' ]]; do :; done;"
            + " read -r -N 4 answer <&3; [[ $answer == lull ]] && ((++good)); done; exec 3>&-; echo $good";

    private static String large() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; text.length() < 40_000; i++) {
            text.append("line ").append(i).append(" of what a guest may want to know\n");
        }
        return text.toString();
    }

    @ParameterizedTest(name = "{0} queues")
    @CsvSource({"1, 1000", "2, 100"})
    void aGuestReadsItsMetadata(int queues, int usualRequests) throws Exception {
        int requests = usualRequests * Soak.of(1, 5);
        Host.run("modprobe", "tun");
        Mmds mmds = new Mmds("lab", MmdsStore.DEFAULT_LIMIT_BYTES);
        mmds.store().put("{\"latest\":{\"name\":\"lull\",\"meta-data\":{\"large\":\"\"},\"count\":1}}".getBytes(UTF_8));
        mmds.store()
                .patch("{\"latest\":{\"meta-data\":{\"large\":\"%s\"}}}"
                        .formatted(LARGE.replace("\n", "\\n"))
                        .getBytes(UTF_8));
        mmds.configure(new MmdsConfig(MmdsVersion.V2, List.of("net")), List.of("net"));
        TapConfig net = new TapConfig(
                "net",
                TAP,
                true,
                null,
                queues,
                TapConfig.TAP_MTU,
                RateLimit.NONE,
                RateLimit.NONE,
                mmds.detourFor("net"));
        try (DebianGuest guest = DebianGuest.boot(2, 512, List.of(net))) {
            Host.run("ip", "address", "add", HOST + "/24", "dev", TAP);
            Host.run("ip", "link", "set", TAP, "up");
            guest.run("modprobe virtio_net && ip address add " + GUEST + "/24 dev eth0 && ip link set eth0 up"
                    + " && ip route add 169.254.169.254 dev eth0");
            assertThat(guest.run("ethtool -k eth0"))
                    .contains("tx-checksumming: on", "tcp-segmentation-offload: on", "generic-receive-offload: on");
            guest.run(ASK);
            check(guest, mmds, requests);
            guest.endClean();
        }
        assertThat(mmds.metrics().get(Metric.CONNECTIONS_CREATED)).isGreaterThan(requests);
        assertThat(mmds.metrics().get(Metric.RX_ACCEPTED_ERR)).isZero();
        assertThat(mmds.metrics().get(Metric.TX_ERRORS)).isZero();
    }

    private static void check(DebianGuest guest, Mmds mmds, int requests) throws Exception {
        assertThat(guest.run("ask GET /latest")).startsWith("HTTP/1.1 401 ");
        assertThat(guest.run("ask GET /latest \"X-metadata-token: wrong$crlf\""))
                .startsWith("HTTP/1.1 401 ")
                .endsWith("MMDS token not valid.");
        guest.run("ttl=\"X-metadata-token-ttl-seconds: 21600$crlf\"; "
                + "token=\"X-metadata-token: $(ask PUT /latest/api/token \"$ttl\" | body)$crlf\"");
        assertThat(guest.run("ask GET /latest \"$token\" | body")).isEqualTo("count\nmeta-data/\nname");
        assertThat(guest.run("ask GET /latest/count \"$token\"")).startsWith("HTTP/1.1 501 ");
        assertThat(guest.run("ask GET /latest/count \"${token}Accept: application/json$crlf\" | body"))
                .isEqualTo("1");
        assertThat(guest.run("ask GET /nothing \"$token\"")).startsWith("HTTP/1.1 404 ");
        assertThat(guest.run("ask PATCH /latest \"$token\"")).contains("HTTP/1.1 405 ", "Allow: GET, PUT");

        String digest =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(LARGE.getBytes(UTF_8)));
        assertThat(guest.run("ask GET /latest/meta-data/large \"$token\" | body | sha256sum"))
                .startsWith(digest);
        // More than a segment, and so one that segmentation offload leaves whole.
        guest.run("printf -v filler '%02000d' 0");
        assertThat(guest.run("ask GET /latest/name \"${token}Filler: $filler$crlf\" | body"))
                .isEqualTo("lull");

        assertThat(guest.run("requests=" + requests + "; " + MANY_CONNECTIONS)).isEqualTo(Integer.toString(requests));
        assertThat(guest.run("requests=" + requests + "; " + ONE_CONNECTION)).isEqualTo(Integer.toString(requests));
        assertThat(guest.run(
                        "for ((i = 0; i < 30; i++)); do ask GET /latest/name \"$token\" | body & done | tr -d '\\n'"))
                .isEqualTo("lull".repeat(30));

        mmds.store().patch("{\"latest\":{\"name\":\"other\"}}".getBytes(UTF_8));
        assertThat(guest.run("ask GET /latest/name \"$token\" | body")).isEqualTo("other");

        // The rest of the network is as it was, and knows nothing of the service's address.
        assertThat(InetAddress.getByName(GUEST).isReachable(10_000)).isTrue();
        assertThat(guest.run("ip neigh show 169.254.169.254")).contains("06:01:23:45:67:01");
        assertThat(Host.run("ip", "neigh", "show", "dev", TAP)).doesNotContain("169.254");
    }
}
