package dev.lull.agent.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.kvm.HostTsc;
import dev.lull.kvm.KvmConstants;
import dev.lull.paravirt.clock.CounterReader;
import dev.lull.paravirt.clock.VirtualCounter;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code clock.c}, a guest of bare metal, asks for KVM's clock and gets Lull's. */
@Requires(Facility.KVM)
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ScaledCounterMachineTest {
    private static final int AMISS = Integer.getInteger("lull.fuzz.iterations", 20_000);
    private static final int READS = 20_000;
    private static final long SECOND_NANOS = 1_000_000_000;
    private static final long NOMINAL_HZ = 851_000_000;

    /** Bits 0, 3 and 24 of KVM's features. */
    private static final long KVM_CLOCK = 1 | 1 << 3 | 1 << 24;

    private final GuestConsole console = new GuestConsole();

    @Test
    void theGuestsTimeIsTheCountersWhateverItAskedForBefore() throws InterruptedException {
        try (Machine machine = machine(new ScaledCounterConfig(NOMINAL_HZ, 1), AMISS, READS)) {
            long wallSeconds = System.currentTimeMillis() / 1000;
            long made = machine.scaledCounter().nanos();
            machine.start();
            assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
            long ended = machine.scaledCounter().nanos();
            Map<String, Long> said = said();
            assertThat(said)
                    .containsEntry("invariant_tsc", 0L)
                    .containsEntry("same_address", 1L)
                    .containsEntry("version", 2L)
                    .containsEntry("flags", 1L)
                    .containsEntry("back", 0L);
            assertThat(said.get("kvm_clock")).isEqualTo(KVM_CLOCK);
            assertThat(said)
                    .containsEntry("counter_gpa", machine.scaledCounter().pageGpa())
                    .containsEntry("magic", 0x544E_434CL)
                    .containsEntry("nominal_hz", NOMINAL_HZ)
                    .containsEntry("written", 0L)
                    .containsEntry("counter_back", 0L);
            assertThat(said.get("counter") / (double) NOMINAL_HZ * SECOND_NANOS)
                    .isBetween((double) said.get("begin"), (double) said.get("end"));
            assertThat(said.get("begin")).isBetween(made, ended);
            assertThat(said.get("end")).isBetween(said.get("begin"), ended);
            // When the guest's own time was 0.
            assertThat(said.get("wall_seconds")).isBetween(wallSeconds - 2, wallSeconds + 1);
            assertThat(said.get("wall_nanos")).isBetween(0L, SECOND_NANOS - 1);
            assertThat(machine.scaledCounter().refusedAddresses()).isEqualTo(AMISS);
            assertThat(machine.exitStats().getFirst().count(KvmConstants.KVM_EXIT_X86_WRMSR))
                    .isEqualTo(AMISS + 2);
            VirtualCounter counter = machine.scaledCounter().counter();
            assertThat(counter.nominalHz()).isEqualTo(NOMINAL_HZ);
            assertThat(counter.guestBase()).isZero();
        }
    }

    @Test
    void theGuestsTimeGoesOnWhenItsSecondsChange() throws InterruptedException {
        try (Machine machine = machine(new ScaledCounterConfig(NOMINAL_HZ, 1), 0, 10 * READS)) {
            machine.start();
            int changes = 0;
            while (machine.end() == null) {
                machine.scaledCounter().dilate(++changes % 2 == 0 ? 10 : 0.1);
                TimeUnit.MICROSECONDS.sleep(500);
            }
            assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
            Map<String, Long> said = said();
            assertThat(said).containsEntry("back", 0L).containsEntry("counter_back", 0L);
            assertThat(said.get("changes")).isBetween(100L, changes + 1L);
            assertThat(said.get("end")).isBetween(1L, machine.scaledCounter().nanos());
        }
    }

    @Test
    void aDilatedGuestsSecondLastsTwo() throws InterruptedException {
        try (Machine machine = machine(new ScaledCounterConfig(ScaledCounterConfig.DEFAULT_HZ, 2), 0, 0)) {
            long before = System.nanoTime();
            long beforeInside = machine.scaledCounter().nanos();
            Thread.sleep(200);
            long insideNanos = machine.scaledCounter().nanos() - beforeInside;
            long nanos = System.nanoTime() - before;
            assertThat(2 * insideNanos).isBetween(200_000_000L, nanos + nanos / 1000);
            assertThatThrownBy(() -> machine.scaledCounter().dilate(11))
                    .isInstanceOf(ConfigException.class)
                    .hasMessage("a dilation of 11.0: give from 0.1 to 10.0");
        }
    }

    @Test
    void thePageIsThereBeforeTheGuestsFirstInstructionAndEachMachinesOwn() {
        try (Machine one = machine(new ScaledCounterConfig(NOMINAL_HZ, 1), 0, 0);
                Machine other = machine(new ScaledCounterConfig(ScaledCounterConfig.DEFAULT_HZ, 3), 0, 0)) {
            CounterReader reader = new CounterReader(one.scaledCounter().page(), HostTsc::read);
            assertThat(reader.snapshot()).isEqualTo(one.scaledCounter().counter());
            assertThat(reader.read()).isPositive().isLessThan(10 * NOMINAL_HZ);
            CounterReader others = new CounterReader(other.scaledCounter().page(), HostTsc::read);
            one.scaledCounter().dilate(5);
            assertThat(others.snapshot()).isEqualTo(other.scaledCounter().counter());
            assertThat(reader.snapshot().nominalHz()).isEqualTo(NOMINAL_HZ);
            assertThat(others.snapshot().nominalHz()).isEqualTo(ScaledCounterConfig.DEFAULT_HZ);
        }
    }

    @Test
    void withTheHostsCounterTheClockIsKvms() throws InterruptedException {
        try (Machine machine = machine(null, 9, READS)) {
            assertThatThrownBy(machine::scaledCounter)
                    .isInstanceOf(ConfigException.class)
                    .hasMessage("test was made with the host's counter");
            machine.start();
            assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
            assertThat(said()).containsEntry("back", 0L).containsEntry("counter_gpa", 0L);
            assertThat(machine.exitStats().getFirst().count(KvmConstants.KVM_EXIT_X86_WRMSR))
                    .isZero();
        }
    }

    @Test
    void numbersOutOfBoundsAreRefused() {
        assertThatThrownBy(() -> new ScaledCounterConfig(999, 1))
                .isInstanceOf(ConfigException.class)
                .hasMessage("a counter of 999 Hz: it has from 1000 to 1000000000000");
        for (double dilation : new double[] {0, 0.09, 10.01, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> new ScaledCounterConfig(SECOND_NANOS, dilation))
                    .isInstanceOf(ConfigException.class);
        }
    }

    private Machine machine(ScaledCounterConfig counter, int amiss, int reads) {
        return Machine.create(MachineConfig.kernel(Payload.CLOCK)
                .name("test")
                .memoryBytes(64 << 20)
                .commandLine(amiss + " " + reads)
                .consoleOutput(console)
                .scaledCounter(counter)
                .build());
    }

    private Map<String, Long> said() {
        return console.text()
                .lines()
                .filter(line -> line.contains("="))
                .map(line -> line.split("="))
                .collect(Collectors.toMap(words -> words[0], words -> Long.parseLong(words[1])));
    }
}
