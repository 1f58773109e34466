package dev.lull.agent.boot;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the guest is told of the machine it runs on, beside memory. Ports are system I/O ports of one byte.
 *
 * @param cpuCount vCPUs, 1 to {@value #MAX_CPUS}; their APIC ids are 0 to {@code cpuCount - 1}
 * @param sleepControlPort where the guest writes {@link #POWER_OFF_VALUE} to power off (ACPI 6.4 §4.8.3.7)
 * @param sleepStatusPort where it reads and clears the wake status (ACPI 6.4 §4.8.3.7)
 * @param resetPort where it writes {@code resetValue} to reset (ACPI 6.4 §4.8.3.6)
 * @param resetValue any byte
 * @param keyboard whether it is told of a keyboard, behind an 8042
 * @param acpiDevices AML of the devices to be found in {@code \_SB}, as {@link AcpiDevices} makes it
 * @param pci the PCI host bridge; null if there is none
 */
public record Platform(
        int cpuCount,
        int sleepControlPort,
        int sleepStatusPort,
        int resetPort,
        int resetValue,
        boolean keyboard,
        List<byte[]> acpiDevices,
        @Nullable PciHost pci) {

    /** The most vCPUs a machine has. */
    public static final int MAX_CPUS = 32;

    /** The sleep type of S5, "soft off", that the DSDT's {@code \_S5} names. */
    static final int S5_SLEEP_TYPE = 5;

    /** What a guest that powers off writes to the sleep control port: the type in bits 2 to 4, and SLP_EN, bit 5. */
    public static final int POWER_OFF_VALUE = S5_SLEEP_TYPE << 2 | 1 << 5;

    /** Refuses a number of vCPUs or a port that no machine has. */
    public Platform {
        if (cpuCount < 1 || cpuCount > MAX_CPUS) {
            throw new IllegalArgumentException("1 to " + MAX_CPUS + " vCPUs, not " + cpuCount);
        }
        if ((sleepControlPort | sleepStatusPort | resetPort) >>> 16 != 0 || resetValue >>> 8 != 0) {
            throw new IllegalArgumentException("ports have 16 bits and the reset value has 8");
        }
        acpiDevices = List.copyOf(acpiDevices);
    }
}
