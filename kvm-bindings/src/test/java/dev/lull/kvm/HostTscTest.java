package dev.lull.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.junit.jupiter.api.Test;

/** The host's counter and how fast it goes. */
class HostTscTest {
    @Test
    void itGoesForward() {
        assertThat(HostTsc.isReadable()).isTrue();
        long last = HostTsc.read();
        for (int i = 0; i < 100_000; i++) {
            long now = HostTsc.read();
            assertThat(now).isGreaterThan(last);
            last = now;
        }
    }

    @Test
    void itsFrequencyIsTheSameEachTimeAndThatOfASecond() throws InterruptedException {
        long ticks = HostTsc.read();
        long nanos = System.nanoTime();
        long hertz = HostTsc.measureHertz();
        for (int i = 0; i < 20; i++) {
            assertThat(HostTsc.measureHertz()).isCloseTo(hertz, withinPercentage(0.002));
        }
        Thread.sleep(200);
        double byNanoTime = (HostTsc.read() - ticks) / ((System.nanoTime() - nanos) / 1e9);
        // That clock is steered by up to 500 parts in a million.
        assertThat((double) hertz).isCloseTo(byNanoTime, withinPercentage(0.06));
    }
}
