package dev.lull.agent.cli.top;

import dev.lull.agent.client.VmInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** Machines of every kind for the table. */
final class TestRows {
    private static final RequestRates.Flow NONE = RequestRates.Flow.UNKNOWN;

    private TestRows() {}

    static VmInfo vm(String id, String state) {
        return new VmInfo(
                id,
                "uuid of " + id,
                state,
                2,
                1024,
                "2026-11-27T17:00:00Z",
                null,
                null,
                Path.of("/a"),
                Path.of("/c"),
                null,
                List.of(
                        new VmInfo.Device("root", VmInfo.Device.DRIVE),
                        new VmInfo.Device("eth0", VmInfo.Device.NETWORK_INTERFACE)));
    }

    /** One that works hard. */
    static TopRow busy(String id, double busyPercent) {
        RequestRates requests = new RequestRates(
                new RequestRates.Flow(12_345, 1.5e9),
                new RequestRates.Flow(999.7, 512),
                new RequestRates.Flow(13_400, 1.6e9),
                new RequestRates.Flow(1e6, 1.25e9),
                new RequestRates.Flow(3, 198),
                List.of(
                        new RequestRates.Slow("drive-root.write", 12_345_678),
                        new RequestRates.Slow("net-eth0.receive", 999)));
        return new TopRow(vm(id, VmInfo.RUNNING), new VmRates(busyPercent, 1_234_567, requests, 300 << 20));
    }

    /** One without devices that rests. */
    static TopRow idle(String id) {
        RequestRates requests = new RequestRates(NONE, NONE, NONE, NONE, NONE, List.of());
        return new TopRow(vm(id, VmInfo.PAUSED), new VmRates(0, 0, requests, 41 << 20));
    }

    /** One that does not run. */
    static TopRow off(String id) {
        return new TopRow(vm(id, "Not started"), VmRates.UNKNOWN);
    }

    static TopRow find(List<TopRow> rows, String id) {
        return rows.stream()
                .filter(row -> Objects.equals(row.vm().id(), id))
                .findAny()
                .orElseThrow();
    }
}
