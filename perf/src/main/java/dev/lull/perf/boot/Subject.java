package dev.lull.perf.boot;

import java.nio.file.Path;
import java.util.List;

/**
 * A monitor that boots the guest.
 *
 * @param name as in the results; it also says which command line its program understands
 * @param program what is started
 */
record Subject(String name, Path program) {
    static final String LULL = "lull";
    static final String QEMU_Q35 = "qemu-q35";
    static final String QEMU_MICROVM = "qemu-microvm";
    static final String KVMTOOL = "kvmtool";

    /** From the start of the monitor's process to the guest's first process. */
    static final String PROCESS_TO_INIT = "process-to-init";

    /** From the first entry into the guest to its first process, as the monitor's boot timer has it. */
    static final String VM_TO_INIT = "vm-to-init";

    /** What is measured of this monitor. */
    List<String> metrics() {
        return isLull() ? List.of(PROCESS_TO_INIT, VM_TO_INIT) : List.of(PROCESS_TO_INIT);
    }

    boolean isLull() {
        return name.equals(LULL);
    }

    /**
     * The whole command. No monitor gives the guest a disk or a NIC; each has its console on standard output and ends
     * when the guest powers off or resets. To the guest's command line kvmtool adds words of its own, which it needs as it
     * has no ACPI; the others add what only tells of devices, or nothing.
     */
    List<String> command(Guest guest) {
        String kernel = guest.kernel().toString();
        String initrd = guest.initrd().toString();
        if (isLull()) {
            return List.of(
                    program.toString(),
                    "run",
                    "--kernel",
                    kernel,
                    "--initrd",
                    initrd,
                    "--memory",
                    Guest.MEMORY_MIB + "M",
                    "--cpus",
                    Guest.VCPUS,
                    "--cmdline",
                    Guest.COMMAND_LINE,
                    "--boot-timer");
        }
        if (name.startsWith("qemu")) {
            return List.of(
                    program.toString(),
                    "-M",
                    (name.startsWith(QEMU_MICROVM) ? "microvm" : "q35") + ",accel=kvm",
                    "-cpu",
                    "host",
                    "-m",
                    Guest.MEMORY_MIB,
                    "-smp",
                    Guest.VCPUS,
                    "-nodefaults",
                    "-no-user-config",
                    "-no-reboot",
                    "-display",
                    "none",
                    "-serial",
                    "stdio",
                    "-kernel",
                    kernel,
                    "-initrd",
                    initrd,
                    "-append",
                    Guest.COMMAND_LINE);
        }
        return List.of(
                program.toString(),
                "run",
                "-k",
                kernel,
                "-i",
                initrd,
                "-m",
                Guest.MEMORY_MIB,
                "-c",
                Guest.VCPUS,
                "--network",
                "mode=none",
                "-p",
                Guest.COMMAND_LINE);
    }
}
