package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A stock Debian kernel under the machine, from power-on to its own end. One class a kernel image: each has a lab of its own. */
@Tag("lab")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Requires({Facility.LAB, Facility.HARDWARE_KVM})
abstract class LinuxGuest {
    static final Duration LIMIT = Duration.ofSeconds(90);

    private final String flavour;
    private final String image;

    LinuxGuest(String flavour, String image) {
        this.flavour = flavour;
        this.image = image;
    }

    /** Both numbers of vCPUs, memory below and above the PCI hole, and both ends. */
    static List<Arguments> guests() {
        List<Arguments> guests = new ArrayList<>();
        for (int vcpus : List.of(1, 2)) {
            for (int memoryMib : List.of(256, 4096)) {
                for (String end : List.of("poweroff", "reboot")) {
                    guests.add(Arguments.of(vcpus, memoryMib, end));
                }
            }
        }
        return guests;
    }

    @ParameterizedTest(name = "{0} vCPU, {1} MiB, {2}")
    @MethodSource("guests")
    void bootsSeesItsMachineTakesInputAndEnds(int vcpus, int memoryMib, String end) throws InterruptedException {
        GuestConsole console = new GuestConsole();
        MachineConfig config = LabKernels.config(flavour, image, "echo", console)
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
}
