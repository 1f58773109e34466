package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.probe.WakeReport;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The probe of wake-up latency, in a guest. */
@Tag("lab")
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class WakeTest {
    private static final long SECOND = 1_000_000_000;

    @Test
    void aGuestMeasuresHowLateItWakesAndAnswers() throws InterruptedException {
        try (DebianGuest guest = DebianGuest.boot(1, 512, List.of())) {
            WakeReport periodic = WakeReport.parse(guest.run("wake periodic 100 2"));
            assertThat(periodic.fifo()).isTrue();
            assertThat(periodic.count()).isEqualTo(200);
            assertThat(periodic.periodNanos()).isEqualTo(SECOND / 100);
            assertThat(periodic.elapsedNanos()).isBetween(SECOND * 199 / 100, SECOND * 4);
            assertThat(periodic.latency().getMinValue()).isPositive();

            String loops = guest.run("wake calibrate").replace("loops_per_milli=", "");
            WakeReport serve = WakeReport.parse(guest.run("wake serve 20 2 5000 " + loops));
            assertThat(serve.count()).isEqualTo(80);
            // No answer takes less than its work, save what a faster calibration makes of it.
            assertThat(serve.latency().getMinValue()).isGreaterThan(2_500_000);
            assertThat(serve.cpuNanos()).isBetween(80 * 2_500_000L, serve.elapsedNanos());

            assertThat(guest.run("wake periodic 0 1 2>&1 || true")).contains("'0' must be a number from 1 to 1000000");
            guest.endClean();
        }
    }
}
