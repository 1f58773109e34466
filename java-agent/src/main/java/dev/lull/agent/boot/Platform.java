package dev.lull.agent.boot;

import java.util.List;

/**
 * What the guest is told of the machine it runs on, beside memory.
 *
 * @param cpuCount vCPUs, 1 to {@value #MAX_CPUS}; their APIC ids are 0 to {@code cpuCount - 1}
 * @param power how the guest powers off and resets
 * @param acpiDevices AML of the devices to be found in {@code \_SB}, as {@link AcpiDevices} makes it
 */
public record Platform(int cpuCount, Power power, List<byte[]> acpiDevices) {

    /** The most vCPUs a machine has. */
    public static final int MAX_CPUS = 32;

    /** Refuses a number of vCPUs that no machine has. */
    public Platform {
        if (cpuCount < 1 || cpuCount > MAX_CPUS) {
            throw new IllegalArgumentException("1 to " + MAX_CPUS + " vCPUs, not " + cpuCount);
        }
        acpiDevices = List.copyOf(acpiDevices);
    }

    /**
     * Registers of hardware-reduced ACPI, each one byte wide at a port of the system's I/O space.
     *
     * @param sleepControlPort where the guest writes the sleep type and SLP_EN to sleep (ACPI 6.4 §4.8.3.7)
     * @param sleepStatusPort where it reads and clears the wake status (ACPI 6.4 §4.8.3.7)
     * @param sleepTypeS5 the sleep type, 0 to 7, that means S5: power off
     * @param resetPort where it writes {@code resetValue} to reset (ACPI 6.4 §4.8.3.6)
     * @param resetValue any byte
     */
    public record Power(int sleepControlPort, int sleepStatusPort, int sleepTypeS5, int resetPort, int resetValue) {
        /** Refuses what does not fit into its field. */
        public Power {
            if ((sleepControlPort | sleepStatusPort | resetPort) >>> 16 != 0
                    || resetValue >>> 8 != 0
                    || sleepTypeS5 >>> 3 != 0) {
                throw new IllegalArgumentException("ports have 16 bits, the reset value 8, a sleep type 3");
            }
        }
    }
}
