package dev.lull.agent.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.client.VmInfo;
import dev.lull.agent.machine.CountersReading;
import dev.lull.agent.machine.VcpuState;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rates are differences over the time they took, each by the clock of what was counted. */
class RateMeterTest {
    private static final long SECOND = 1_000_000_000L;
    private static final VmInfo VM = TestRows.vm("web1", VmInfo.RUNNING);

    private final RateMeter meter = new RateMeter();

    @Test
    void aFirstSampleHasNoRatesButWhatThereIs() {
        VmRates rates = meter.take(sample(0, reading(5 * SECOND, 100, SECOND, 10, 4096)));
        assertThat(rates.busyPercent()).isNaN();
        assertThat(rates.exits()).isNaN();
        assertThat(rates.requests().read().count()).isNaN();
        assertThat(rates.residentBytes()).isEqualTo(4096);
        assertThat(rates.requests().slowest())
                .containsExactly(
                        new RequestRates.Slow("drive-root.read", 900), new RequestRates.Slow("net-eth0.transmit", 80));
    }

    @Test
    void vcpusAreMeasuredByTheirOwnTimeAndDevicesByTheSamples() {
        meter.take(sample(0, reading(5 * SECOND, 100, SECOND, 10, 0)));
        VmRates rates = meter.take(sample(2 * SECOND, reading(6 * SECOND, 1100, SECOND + SECOND / 4, 30, 0)));
        assertThat(rates.busyPercent()).isEqualTo(50); // Two vCPUs.
        assertThat(rates.exits()).isEqualTo(2000);
        assertThat(rates.requests().read()).isEqualTo(new RequestRates.Flow(10, 5120));
        assertThat(rates.requests().disks()).isEqualTo(new RequestRates.Flow(10, 5120));
        assertThat(rates.requests().sent()).isEqualTo(new RequestRates.Flow(10, 5120));
        assertThat(rates.requests().networkBytes()).isNaN(); // Nothing is known of what it received.
    }

    @Test
    void ratesOfVcpusStayUntilTheirCountersAreRefreshed() {
        meter.take(sample(0, reading(5 * SECOND, 100, 0, 0, 0)));
        meter.take(sample(SECOND, reading(6 * SECOND, 600, SECOND / 2, 0, 0)));
        VmRates rates = meter.take(sample(SECOND + SECOND / 2, reading(6 * SECOND, 600, SECOND / 2, 0, 0)));
        assertThat(rates.exits()).isEqualTo(1000);
        assertThat(rates.busyPercent()).isEqualTo(100);
    }

    @Test
    void whatIsNotOfOneMomentLeavesWhatWasToldBefore() {
        meter.take(sample(0, reading(5 * SECOND, 100, 0, 0, 4096)));
        meter.take(sample(SECOND, reading(6 * SECOND, 600, SECOND / 2, 0, 8192)));
        VmRates rates = meter.take(sample(2 * SECOND, reading(0, 700, SECOND, 0, 12_288)));
        assertThat(rates.exits()).isEqualTo(1000);
        assertThat(rates.residentBytes()).isEqualTo(8192);
    }

    @Test
    void aMachineThatWasStartedAnewHasNoNegativeRates() {
        meter.take(sample(0, reading(5 * SECOND, 1000, SECOND, 1000, 0)));
        VmRates rates = meter.take(sample(SECOND, reading(6 * SECOND, 10, 0, 10, 0)));
        assertThat(rates.exits()).isZero();
        assertThat(rates.busyPercent()).isZero();
        assertThat(rates.requests().read().bytes()).isZero();
    }

    @Test
    void aMachineThatDoesNotRunHasNone() {
        meter.take(sample(0, reading(5 * SECOND, 100, 0, 0, 0)));
        VmInfo off = TestRows.vm("web1", "Not started");
        assertThat(meter.take(new VmSample(off, SECOND, null))).isSameAs(VmRates.UNKNOWN);
        assertThat(meter.take(sample(2 * SECOND, reading(8 * SECOND, 100, 0, 0, 0)))
                        .exits())
                .isNaN();
    }

    private static VmSample sample(long atNanos, CountersReading reading) {
        return new VmSample(VM, atNanos, reading);
    }

    /** Two vCPUs that each did this, a disk and a network device that each did that. */
    private static CountersReading reading(long timeNanos, long exits, long busyNanos, long requests, long resident) {
        CountersReading.Vcpu vcpu = new CountersReading.Vcpu(exits, busyNanos, VcpuState.RUNNING);
        return new CountersReading(
                timeNanos,
                List.of(vcpu, vcpu),
                resident,
                List.of(
                        new CountersReading.Requests("drive-root", "read", requests, requests * 512, 0, 900),
                        new CountersReading.Requests("drive-root", "flush", 0, 0, 0, 0),
                        new CountersReading.Requests("net-eth0", "transmit", requests, requests * 512, 0, 80)));
    }
}
