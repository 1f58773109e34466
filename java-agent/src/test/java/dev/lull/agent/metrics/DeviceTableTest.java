package dev.lull.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RequestStats;
import java.io.ByteArrayInputStream;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;

/** What devices did, for people and for tools. */
class DeviceTableTest {
    private final DeviceStats disk = DeviceStats.inMemory("disk0", 8);
    private final DeviceStats net = DeviceStats.inMemory("net0", 8);
    private final RequestStats read = disk.request("read");

    DeviceTableTest() {
        disk.request("write");
        net.counter("receive.dropped").increment();
        net.counter("link.down");
    }

    @Test
    void showsWhatHappenedAndNothingElse() {
        read.record(0, 10_000, 4096);
        read.recordFailure(0, 20_000);
        assertThat(DeviceTable.of(List.of(disk, net))).isEqualTo("""
                        Requests to the guest's devices, and the time from queue to completion in microseconds:
                        device  operation  requests  bytes  failed   p50   p99  p99.9   max
                        disk0   read              2   4096       1  10.0  20.1   20.1  20.1
                        What else the devices counted:
                        device  event            count
                        net0    receive.dropped      1""");
        assertThat(DeviceTable.of(List.of(disk))).doesNotContain("What else");
        assertThat(DeviceTable.of(List.of(net))).startsWith("What else");
        assertThat(DeviceTable.of(List.of())).isEqualTo("The guest asked nothing of its devices.");
    }

    @Test
    void theLogHasAHistogramAnOperation() {
        read.record(0, 10_000, 4096);
        byte[] log = new MachineLog(1_000).of(List.of(), List.of(disk, net), 3_000);
        try (HistogramLogReader reader = new HistogramLogReader(new ByteArrayInputStream(log))) {
            Histogram histogram = (Histogram) reader.nextIntervalHistogram();
            assertThat(histogram.getTag()).isEqualTo("disk0.read");
            assertThat(histogram.getTotalCount()).isEqualTo(1);
            assertThat(reader.nextIntervalHistogram()).isNull();
        }
    }
}
