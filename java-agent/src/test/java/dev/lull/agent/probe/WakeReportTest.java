package dev.lull.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

/** The host reads what {@code native/guest/tool/wake.c} prints, as it comes over a console. */
class WakeReportTest {
    private static final String STARTED = "wake: started period_nanos=1000000 loops=0 cpu=0 fifo=1\r\n";
    private static final String FINISHED =
            "wake: finished count=1000 late=2 elapsed_nanos=999900000 cpu_nanos=7000000\r\n";
    private static final String COUNTS = "50048 900\r\n60160 98\r\n2000896 2\r\n";
    private static final String WHOLE = STARTED + FINISHED + COUNTS + "wake: end\r\n";

    @Test
    void aReportIsReadOutOfAConsole() {
        WakeReport report = WakeReport.parse("[    1.2] a kernel's message\r\n" + WHOLE + "lull-guest: status=0\r\n");
        assertThat(report.fifo()).isTrue();
        assertThat(report.periodNanos()).isEqualTo(1_000_000);
        assertThat(report.late()).isEqualTo(2);
        assertThat(report.elapsedNanos()).isEqualTo(999_900_000);
        assertThat(report.cpuNanos()).isEqualTo(7_000_000);
        assertThat(report.count()).isEqualTo(1000);
        assertThat(report.counts()).containsOnlyKeys(50_048L, 60_160L, 2_000_896L);
    }

    @Test
    void percentilesAreThoseOfTheGuest() {
        Histogram latency = WakeReport.parse(WHOLE).latency();
        assertThat(latency.getTotalCount()).isEqualTo(1000);
        assertThat(latency.getValueAtPercentile(50)).isCloseTo(50_048, within(50L));
        assertThat(latency.getValueAtPercentile(99)).isCloseTo(60_160, within(60L));
        assertThat(latency.getValueAtPercentile(99.9)).isCloseTo(2_000_896, within(2001L));
    }

    @Test
    void aReportThatIsNotWholeIsRefused() {
        refused("", "no 'wake: started'");
        refused("bash: wake: command not found\r\n", "no 'wake: started'", "command not found");
        refused(STARTED, "no 'wake: finished'");
        refused(STARTED + FINISHED + COUNTS, "1000 of 1000", "nothing more");
        refused(STARTED + FINISHED + "50048 900\r\nwake: end\r\n", "900 of 1000");
        refused(WHOLE.replace("60160 98", "60160 [    9.1] a kernel's message"), "900 of 1000", "a kernel's message");
        refused(WHOLE.replace("60160 98", "60160 99"), "1001 of 1000");
        refused(WHOLE.replace("late=2", "late=-2"), "no 'wake: finished'");
    }

    private static void refused(String printed, String... reasons) {
        assertThatThrownBy(() -> WakeReport.parse(printed))
                .isInstanceOf(WakeReport.ProbeException.class)
                .hasMessageContainingAll(reasons);
    }
}
