package dev.lull.perf.load;

import dev.lull.perf.load.Workload.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A monitor that runs a guest.
 *
 * @param name as in the results; it also says which command line its program understands
 */
record Monitor(String name, Path program) {
    static final String LULL = "lull";
    static final String QEMU = "qemu-q35";

    /** QEMU whose NIC's data the host's kernel carries. */
    static final String QEMU_VHOST = "qemu-q35-vhost";

    private static final String MEMORY_MIB = "512";
    private static final String COMMAND_LINE = "console=ttyS0 quiet";

    /**
     * The whole command: one vCPU, the root disk read-only, then the device; the console is standard input and output.
     *
     * @param kernel bzImage
     * @param initrd the lab's quick one
     * @param root its disk
     */
    List<String> command(Path kernel, Path initrd, Path root, Device device) {
        return isLull() ? lull(kernel, initrd, root, device) : qemu(kernel, initrd, root, device);
    }

    boolean isLull() {
        return name.startsWith(LULL);
    }

    private List<String> lull(Path kernel, Path initrd, Path root, Device device) {
        List<String> command = new ArrayList<>(List.of(
                program.toString(),
                "run",
                "--kernel",
                kernel.toString(),
                "--initrd",
                initrd.toString(),
                "--cmdline",
                COMMAND_LINE,
                "--memory",
                MEMORY_MIB + "M",
                "--disk",
                "path=" + root + ",readonly"));
        switch (device) {
            case Device.Disk disk -> command.addAll(List.of("--disk", "path=" + disk.file()));
            case Device.Nic nic -> command.addAll(List.of("--net", "tap=%s,mac=%s".formatted(nic.tap(), nic.mac())));
        }
        return command;
    }

    /**
     * The disk has a thread of its own, which QEMU's guide for speed asks for. On the root disk, which others read too,
     * it takes no lock: it would have parts of the file for itself that Lull's shared lock covers.
     */
    private List<String> qemu(Path kernel, Path initrd, Path root, Device device) {
        List<String> command = new ArrayList<>(List.of(
                program.toString(),
                "-M",
                "q35,accel=kvm",
                "-cpu",
                "host",
                "-m",
                MEMORY_MIB,
                "-nodefaults",
                "-no-user-config",
                "-no-reboot",
                "-display",
                "none",
                "-serial",
                "stdio",
                "-kernel",
                kernel.toString(),
                "-initrd",
                initrd.toString(),
                "-append",
                COMMAND_LINE,
                "-drive",
                "if=none,id=root,format=raw,readonly=on,file.locking=off,file.filename=" + root,
                "-device",
                "virtio-blk-pci,drive=root"));
        switch (device) {
            case Device.Disk disk ->
                command.addAll(List.of(
                        "-object",
                        "iothread,id=loop",
                        "-drive",
                        "if=none,id=disk,format=raw,aio=threads,file=" + disk.file(),
                        "-device",
                        "virtio-blk-pci,drive=disk,iothread=loop"));
            case Device.Nic nic ->
                command.addAll(List.of(
                        "-netdev",
                        "tap,id=net,script=no,downscript=no,ifname=" + nic.tap()
                                + (name.equals(QEMU_VHOST) ? ",vhost=on" : ""),
                        "-device",
                        "virtio-net-pci,netdev=net,mac=" + nic.mac()));
        }
        return command;
    }
}
