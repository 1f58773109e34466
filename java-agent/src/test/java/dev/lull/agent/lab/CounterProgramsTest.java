package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lull.agent.machine.ScaledCounterConfig;
import dev.lull.kvm.HostTsc;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Programs in a guest that want the counter: those that execute RDTSC, and those in Java. */
@Tag("lab")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class CounterProgramsTest {
    private static final int TRAPPED_READS = 20_000;
    private static final double MAX_TRAPPED_ERROR = 0.02;

    @Test
    void aProgramsOwnRdtscGivesTheCounterOnceItIsTrapped() throws Exception {
        long hertz = CounterGuest.Nominal.SLOWER_THAN_THE_HOST.hertz();
        String preload = "LD_PRELOAD=/tmp/bin/liblull_rdtsc.so ";
        String wellBehaved = "processor=1 clocks=1 errno=1 handler=1 blocked=1 child=1";
        try (CounterGuest guest = CounterGuest.boot(2, hertz, List.of())) {
            assertThat(guest.run(preload + "/bin/true 2>&1"))
                    .isEqualTo("lull_rdtsc: /dev/lull_counter: No such file or directory;"
                            + " RDTSC is left as it is (is lull_pv loaded?)");
            assertThat(guest.run(preload + "rdtsc manners 2>/dev/null")).isEqualTo(wellBehaved);
            guest.loadModule();
            assertThat(guest.attribute("traps")).isEqualTo("0");
            long before = guest.numbers("counter sample").get("counter");
            Map<String, Long> scaled = guest.numbers(preload + "rdtsc rate " + TRAPPED_READS);
            long after = guest.numbers("counter sample").get("counter");
            assertThat(scaled.get("first")).isBetween(before, scaled.get("last"));
            assertThat(scaled.get("last")).isLessThanOrEqualTo(after);
            assertThat(scaled).containsEntry("back", 0L);
            assertThat((double) scaled.get("per_second") / hertz).isCloseTo(1, within(MAX_TRAPPED_ERROR));
            assertThat(Long.parseLong(guest.attribute("traps"))).isGreaterThanOrEqualTo(TRAPPED_READS);
            double hostHertz = HostTsc.measureHertz();
            assertThat(guest.numbers("rdtsc rate 1000000").get("per_second") / hostHertz)
                    .isCloseTo(1, within(MAX_TRAPPED_ERROR));
            assertThat(guest.run(preload + "rdtsc manners 2>&1")).isEqualTo(wellBehaved);
            assertThat(guest.run("(" + preload + "bash -c 'kill -SEGV $$'; echo $?) 2>&1 | tail -n 1"))
                    .isEqualTo("139");
            guest.endClean();
        }
    }

    @Test
    void aProgramInJavaReadsTheCounter() throws Exception {
        try (JavaDisk disk = JavaDisk.of("ReadCounter");
                CounterGuest guest =
                        CounterGuest.boot(1, ScaledCounterConfig.DEFAULT_HZ, List.of(disk.config("java")))) {
            guest.run("mkdir /tmp/java && mount -o ro /dev/vdb /tmp/java");
            assertThat(guest.run("! " + disk.command("/tmp/java", "100") + " 2>&1"))
                    .startsWith("open on /dev/lull_counter failed: ENOENT; load the module lull_pv");
            guest.loadModule();
            long before = guest.numbers("counter sample").get("counter");
            Map<String, Long> read = guest.numbers(disk.command("/tmp/java", "1000"));
            long after = guest.numbers("counter sample").get("counter");
            assertThat(read).containsEntry("hz", ScaledCounterConfig.DEFAULT_HZ);
            assertThat(read.get("counter")).isBetween(before, after - read.get("passed"));
            assertThat(read.get("passed")).isGreaterThanOrEqualTo(ScaledCounterConfig.DEFAULT_HZ);
            guest.endClean();
        }
    }
}
