package dev.lull.perf.load;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** iperf3 and single packets between a guest and its host, over a TAP interface of its own for each guest. */
final class NetWorkload implements Workload {
    private static final int ROUND_TRIPS = 1000;
    private static final String ROUND_TRIP_PORT = "5202";
    private static final String BYTES = "96M";

    private final Path tools;
    private final List<Process> servers = new ArrayList<>();
    private final List<String> taps = new ArrayList<>();

    /** @param tools of the guest, built for this machine too */
    NetWorkload(Path tools) {
        this.tools = tools;
    }

    @Override
    public Device device(int number) throws IOException {
        if (servers.isEmpty()) {
            run("modprobe", "--all", "tun", "vhost_net");
            servers.add(serve("iperf3", "--server"));
            servers.add(serve(tools.resolve("roundtrip").toString(), "serve", ROUND_TRIP_PORT));
        }
        String tap = "lull-load" + number;
        ip("tuntap", "add", tap, "mode", "tap", "vnet_hdr");
        taps.add(tap);
        ip("address", "add", address(number, 1) + "/24", "dev", tap);
        ip("link", "set", tap, "up");
        return new Device.Nic(tap, "52:54:00:12:34:%02x".formatted(number + 1));
    }

    @Override
    public String prepare(int number) {
        return "modprobe virtio_net && ip address add %s/24 dev eth0 && ip link set eth0 up"
                .formatted(address(number, 2));
    }

    @Override
    public List<Work> work(int number) {
        String host = address(number, 1);
        List<Work> all = new ArrayList<>();
        for (int streams : new int[] {1, 4}) {
            all.add(iperf("up", host, streams, ""));
            all.add(iperf("down", host, streams, "--reverse"));
        }
        all.add(new Work("packet-round-trip", "roundtrip ask %s %s %d".formatted(host, ROUND_TRIP_PORT, ROUND_TRIPS)));
        return all;
    }

    private static Work iperf(String name, String host, int streams, String direction) {
        return new Work(
                name + "-" + streams,
                ("iperf3 --json --client %s --bytes %s --parallel %d %s >/tmp/iperf3;"
                                + " jq -er '.end.sum_received.bits_per_second | \"throughput=\\(. / 1e6 | round)*1\"' /tmp/iperf3"
                                + " || jq -r .error /tmp/iperf3")
                        .formatted(host, BYTES, streams, direction));
    }

    private static String address(int number, int host) {
        return "10.77.%d.%d".formatted(number, host);
    }

    private static Process serve(String... command) throws IOException {
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static void ip(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        run(command.toArray(String[]::new));
    }

    private static void run(String... command) throws IOException {
        try {
            if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
                throw new IOException(
                        String.join(" ", command) + " failed; TAP interfaces and vhost need root and their modules");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(String.join(" ", command) + " was interrupted", e);
        }
    }

    @Override
    public void close() throws IOException {
        servers.forEach(Process::destroy);
        for (String tap : taps) {
            ip("link", "delete", tap);
        }
    }
}
