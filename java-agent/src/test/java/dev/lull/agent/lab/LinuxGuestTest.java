package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.machine.Footprint;
import dev.lull.agent.machine.GuestConsole;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.MachineEnd;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Stock Debian kernels under the machine, from power-on to their own end. */
@Tag("lab")
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
class LinuxGuestTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int BOOTS_IN_A_ROW = 20;

    /** Both kernels, both formats, both numbers of vCPUs, below and above the PCI hole, and both ends. */
    static List<Arguments> guests() {
        List<Arguments> guests = new ArrayList<>();
        for (String flavour : List.of("cloud", "generic")) {
            for (String image : List.of("vmlinuz", "vmlinux")) {
                for (int vcpus : List.of(1, 2)) {
                    for (int memoryMib : List.of(256, 4096)) {
                        for (String end : List.of("poweroff", "reboot")) {
                            guests.add(Arguments.of(flavour, image, vcpus, memoryMib, end));
                        }
                    }
                }
            }
        }
        return guests;
    }

    @ParameterizedTest(name = "{0} {1}, {2} vCPU, {3} MiB, {4}")
    @MethodSource("guests")
    void bootsSeesItsMachineTakesInputAndEnds(String flavour, String image, int vcpus, int memoryMib, String end)
            throws InterruptedException {
        GuestConsole console = new GuestConsole();
        MachineConfig config = config(flavour, image, "echo", console)
                .vcpus(vcpus)
                .memoryBytes((long) memoryMib << 20)
                .build();
        try (Machine machine = Machine.create(config)) {
            machine.start();
            console.await("lull-guest: init", LIMIT);
            GuestConsole.type(machine, "report");
            assertThat(console.await("cpus_online=", LIMIT)).isEqualTo(Integer.toString(vcpus));
            long guestKib = Long.parseLong(console.await("mem_total_kib=", LIMIT));
            assertThat(guestKib).isBetween(memoryMib * 1024L * 80 / 100, memoryMib * 1024L);
            assertThat(console.await("clocksource=", LIMIT)).isEqualTo("kvm-clock");
            GuestConsole.type(machine, "are you there?");
            console.await("echo: are you there?", LIMIT);
            assertThat(machine.bootNanos()).isPositive();

            GuestConsole.type(machine, end);
            MachineEnd.Kind expected = end.equals("poweroff") ? MachineEnd.Kind.POWER_OFF : MachineEnd.Kind.RESET;
            assertThat(machine.awaitEnd().kind()).isEqualTo(expected);
        }
    }

    @Test
    void pausedGuestStandsStillAndGoesOn() throws InterruptedException {
        GuestConsole console = new GuestConsole();
        MachineConfig config =
                config("cloud", "vmlinuz", "echo", console).vcpus(2).build();
        try (Machine machine = Machine.create(config)) {
            machine.start();
            console.await("lull-guest: init", LIMIT);
            for (int round = 0; round < 20; round++) {
                machine.pause();
                long exits = exits(machine);
                GuestConsole.type(machine, "round " + round);
                Thread.sleep(20);
                assertThat(exits(machine)).isEqualTo(exits);
                machine.resume();
                console.await("echo: round " + round, LIMIT);
            }
            machine.pause();
            machine.stop();
            assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.STOPPED);
        }
    }

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void twentyBootsLeaveNothingBehind() throws Exception {
        Footprint before = null;
        for (int boot = 0; boot < BOOTS_IN_A_ROW; boot++) {
            GuestConsole console = new GuestConsole();
            MachineConfig config = config("cloud", "vmlinuz", "poweroff", console)
                    .vcpus(1 + boot % 2)
                    .build();
            try (Machine machine = Machine.create(config)) {
                machine.start();
                assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
            }
            if (boot == 0) {
                before = Footprint.measure();
            }
        }
        assertThat(Footprint.measure()).isEqualTo(before);
    }

    private static long exits(Machine machine) {
        return machine.exitStats().stream().mapToLong(stats -> stats.count(2)).sum();
    }

    private static MachineConfig.Builder config(String flavour, String image, String action, GuestConsole console) {
        return MachineConfig.kernel(LabKernels.kernel(flavour, image))
                .initrd(LabKernels.initrd())
                .commandLine("console=ttyS0 quiet lull.do=" + action)
                .consoleOutput(console);
    }
}
