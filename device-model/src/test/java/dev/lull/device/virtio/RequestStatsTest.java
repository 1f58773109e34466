package dev.lull.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersManager;
import org.agrona.concurrent.status.CountersReader;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Requests are counted and timed, for whoever reads, at no cost in memory. */
class RequestStatsTest {
    private final CountersManager counters = new CountersManager(
            new UnsafeBuffer(ByteBuffer.allocateDirect(8 * CountersReader.METADATA_LENGTH)),
            new UnsafeBuffer(ByteBuffer.allocateDirect(8 * CountersReader.COUNTER_LENGTH)));

    @Test
    void requestsAreCountedAndTimed() {
        try (DeviceStats stats = new DeviceStats("disk0", counters)) {
            RequestStats read = stats.request("read");
            read.record(1_000, 3_000, 4096);
            read.record(5_000, 4_000, 512);
            read.recordFailure(0, Long.MAX_VALUE);
            assertThat(read.name()).isEqualTo("disk0.read");
            assertThat(read.requests()).isEqualTo(3);
            assertThat(read.bytes()).isEqualTo(4608);
            assertThat(read.failures()).isEqualTo(1);
            Histogram nanos = read.nanos();
            assertThat(nanos.getTotalCount()).isEqualTo(3);
            assertThat(nanos.getValueAtPercentile(50)).isBetween(1_980L, 2_020L);
            assertThat(nanos.getMaxValue()).isGreaterThanOrEqualTo(RequestStats.HIGHEST_NANOS);
            read.record(0, 500, 1);
            assertThat(read.nanos().getTotalCount()).isEqualTo(4);
            assertThat(nanos.getTotalCount()).isEqualTo(3);
        }
    }

    @Test
    void countersHaveTheirDevicesNameAndAreGivenBack() {
        DeviceStats stats = new DeviceStats("net0", counters);
        RequestStats sent = stats.request("send");
        stats.counter("receive.dropped").increment();
        sent.record(0, 1, 100);
        assertThat(stats.requests()).containsExactly(sent);
        assertThat(stats.events()).containsExactly(new DeviceStats.Event("receive.dropped", 1));
        assertThat(labels())
                .containsExactly(
                        "net0.send.requests=1",
                        "net0.send.bytes=100",
                        "net0.send.failures=0",
                        "net0.receive.dropped=1");
        stats.close();
        stats.close();
        assertThat(labels()).isEmpty();
    }

    private List<String> labels() {
        List<String> labels = new ArrayList<>();
        counters.forEach((value, id, label) -> labels.add(label + '=' + value));
        return labels;
    }

    @Test
    void whatRequestsOfLateTookIsPublished() {
        try (DeviceStats stats = new DeviceStats("disk0", counters)) {
            RequestStats read = stats.request("read");
            stats.refresh();
            assertThat(labels()).as("an idle device has nothing to tell").hasSize(3);
            read.record(0, 1_000, 1);
            read.record(0, 9_000, 1);
            stats.refresh();
            assertThat(recentP99Nanos()).isBetween(8_900L, 9_100L);
            read.record(0, 2_000, 1);
            stats.refresh();
            assertThat(recentP99Nanos()).isBetween(1_980L, 2_020L);
            read.record(0, 5_000, 1);
            assertThat(read.nanos().getTotalCount()).isEqualTo(4);
            stats.refresh();
            assertThat(recentP99Nanos()).as("another reader takes nothing away").isBetween(4_950L, 5_050L);
            stats.refresh();
            assertThat(recentP99Nanos()).isZero();
            assertThat(read.nanos().getTotalCount()).isEqualTo(4);
        }
        assertThat(labels()).isEmpty();
    }

    @Test
    void aDeviceThatLeftPublishesNothing() {
        DeviceStats stats = new DeviceStats("disk0", counters);
        RequestStats read = stats.request("read");
        read.record(0, 1_000, 1);
        stats.close();
        stats.refresh();
        assertThat(read.nanos().getTotalCount()).isEqualTo(1);
        assertThat(labels()).isEmpty();
    }

    private long recentP99Nanos() {
        String label = "disk0.read.p99-nanos=";
        return labels().stream()
                .filter(counter -> counter.startsWith(label))
                .mapToLong(counter -> Long.parseLong(counter.substring(label.length())))
                .findAny()
                .orElseThrow();
    }

    @Test
    void aReaderDoesNotDisturbTheWriter() throws Exception {
        RequestStats read = DeviceStats.inMemory("disk0", 4).request("read");
        Thread writer = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 1_000_000; i++) {
                read.record(0, i % 1000, 1);
            }
        });
        long last = 0;
        while (writer.isAlive()) {
            long count = read.nanos().getTotalCount();
            assertThat(count).isGreaterThanOrEqualTo(last);
            last = count;
            Thread.sleep(1);
        }
        assertThat(read.nanos().getTotalCount()).isEqualTo(1_000_000);
        assertThat(read.requests()).isEqualTo(1_000_000);
    }

    @Test
    @Tag("allocation")
    void recordingAllocatesNothing() {
        RequestStats read = DeviceStats.inMemory("disk0", 4).request("read");
        Allocations.assertNone(() -> recordMany(read));
    }

    private static void recordMany(RequestStats stats) {
        for (int i = 0; i < 100_000; i++) {
            stats.record(i, i + 31L * i, 512);
            stats.recordFailure(i, 2L * i);
        }
    }
}
