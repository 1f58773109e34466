package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.kvm.HostTsc;
import dev.lull.paravirt.clock.VirtualCounter;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The module lull_pv in a Debian: what it finds, as a clocksource, as a device and as a timer. */
@Tag("lab")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class LullPvTest {
    private static final int MEMORY_MIB = 256;
    private static final String CLOCKSOURCE = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

    /** The farther the waits that a loaded emulator delays; half of them are not. */
    private static final double MAX_LATE_SECONDS = 0.5;

    private static final double USUALLY_LATE_SECONDS = 0.01;

    @ParameterizedTest(name = "{0} vCPU, {1}")
    @CsvSource({"1, GIGAHERTZ", "1, SLOWER_THAN_THE_HOST", "2, GIGAHERTZ", "2, SLOWER_THAN_THE_HOST"})
    void theModuleHasTheCounterThatTheHostMade(int vcpus, CounterGuest.Nominal nominal) throws Exception {
        long hertz = nominal.hertz();
        try (CounterGuest guest = CounterGuest.boot(vcpus, hertz, List.of())) {
            guest.loadModule();
            String address = "0x" + Long.toHexString(guest.counter().pageGpa());
            assertThat(guest.attribute("page_address")).isEqualTo(address);
            assertThat(guest.run("dmesg --color=never | grep -o 'lull_pv: a counter.*'"))
                    .isEqualTo("lull_pv: a counter of %d Hz, its page at %s".formatted(hertz, address));
            assertThat(guest.attribute("nominal_hz")).isEqualTo(Long.toString(hertz));
            assertThat(guest.run("counter refused"))
                    .isEqualTo("write=22 shared=13 private=13 later=13 offset=22 length=22 short=22 command=25");
            hasTheBytesThatTheHostHas(guest);
            guest.checkRate();
            keepsTimeAsAClocksource(guest);
            waitsAreNeverEarly(guest);
            guest.run("rmmod lull_pv && ! test -e /dev/lull_counter && insmod /tmp/bin/lull_pv.ko");
            guest.endClean();
        }
    }

    @Test
    void withoutACounterTheModuleSaysSo() throws Exception {
        try (DebianGuest guest = DebianGuest.boot(1, MEMORY_MIB, List.of())) {
            assertThat(guest.run("! insmod /tmp/bin/lull_pv.ko 2>&1")).contains("No such device");
            assertThat(guest.run("dmesg --color=never | grep -o 'lull_pv: Lull.*'"))
                    .isEqualTo("lull_pv: Lull offers no counter here; start the guest by lull run --counter scaled");
            guest.endClean();
        }
    }

    private static void hasTheBytesThatTheHostHas(CounterGuest guest) throws Exception {
        String shown = guest.run("counter show 0.1");
        VirtualCounter host = guest.counter().counter();
        assertThat(shown)
                .startsWith(
                        ("nominal_hz=%d shift=%d forward=%d reverse=%d host_base=%s guest_base=%d " + "measured_hz=")
                                .formatted(
                                        host.nominalHz(),
                                        host.forwardShift(),
                                        host.forward(),
                                        host.reverse(),
                                        Long.toUnsignedString(host.hostBase()),
                                        host.guestBase()));
    }

    private static void keepsTimeAsAClocksource(CounterGuest guest) throws Exception {
        assertThat(guest.run("cat " + CLOCKSOURCE)).isEqualTo("kvm-clock");
        guest.run("echo lull >" + CLOCKSOURCE);
        assertThat(guest.run("cat " + CLOCKSOURCE)).isEqualTo("lull");
        guest.run("! rmmod lull_pv");
        guest.checkClockRate();
        guest.run("echo kvm-clock >" + CLOCKSOURCE);
    }

    private static void waitsAreNeverEarly(CounterGuest guest) throws Exception {
        long hertz = guest.nominalHz();
        double hostPerCounter = (double) HostTsc.measureHertz() / hertz;
        for (long length : List.of(hertz / 1000, hertz / 100, hertz)) {
            int times = length == hertz ? 3 : 50;
            Map<String, Long> waits = guest.numbers("counter wait " + length + " " + times);
            System.out.println(hertz + " Hz, " + length + " ticks: " + waits);
            assertThat(waits).containsEntry("early", 0L);
            assertThat((double) waits.get("late_p50")).isLessThan(USUALLY_LATE_SECONDS * hertz);
            assertThat((double) waits.get("late_max")).isLessThan(MAX_LATE_SECONDS * hertz);
            assertThat(waits.get("shortest_ticks") / hostPerCounter)
                    .isBetween((1 - CounterGuest.MAX_ERROR) * length, length + USUALLY_LATE_SECONDS * hertz);
        }
        assertThat(guest.attribute("waits")).isEqualTo("103");
    }
}
