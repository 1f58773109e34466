package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.Balloon;
import dev.lull.agent.control.dialect.BootSource;
import dev.lull.agent.control.dialect.Drive;
import dev.lull.agent.control.dialect.MachineSettings;
import dev.lull.agent.control.dialect.NetworkInterface;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.LinuxException;
import dev.lull.paravirt.clock.VirtualCounter;
import java.nio.file.Files;
import java.nio.file.Path;

/** Refuses what cannot be configured, in Firecracker's words, as soon as it is asked for. */
final class SettingsCheck {
    private static final int MAX_TAP_NAME_BYTES = 15;
    private static final long MIN_MEMORY_MIB = MachineConfig.MIN_MEMORY_BYTES >> 20;

    private SettingsCheck() {}

    static void check(BootSource source) {
        open("Boot source error: The kernel file cannot be opened", source.kernelImagePath());
        if (source.initrdPath() != null) {
            open(
                    "Boot source error: The initrd file cannot be opened due to invalid path or invalid permissions",
                    source.initrdPath());
        }
        if (source.bootArgs() != null && source.bootArgs().chars().anyMatch(c -> c < ' ' || c > '~')) {
            throw new RefusalException(
                    "Boot source error: The kernel command line is invalid: it has characters that are not printable");
        }
    }

    static void check(MachineSettings machine, VmSettings settings) {
        int vcpus = machine.vcpuCount();
        if (vcpus < 1 || vcpus > MachineConfig.MAX_VCPUS || (machine.smt() && vcpus > 1 && vcpus % 2 == 1)) {
            throw new RefusalException("Machine config error: The number of vCPUs must be greater than 0, less than "
                    + MachineConfig.MAX_VCPUS + " and must be 1 or an even number if SMT is enabled.");
        }
        long unitMib = machine.hugePages().equals("None") ? 1 : 2;
        if (machine.memSizeMib() < MIN_MEMORY_MIB || machine.memSizeMib() % unitMib != 0) {
            throw new RefusalException("Machine config error: The memory size (MiB) is either less than "
                    + MIN_MEMORY_MIB + ", or not a multiple of the configured page size.");
        }
        if (!machine.cpuPins().isEmpty() && machine.cpuPins().size() != vcpus) {
            throw new RefusalException("Machine config error: cpu_pins has "
                    + machine.cpuPins().size() + " CPUs for " + vcpus + " vCPUs; give one for each");
        }
        if (machine.counterHz() != 0 && machine.counterHz() < VirtualCounter.MIN_HZ) {
            throw new RefusalException("Machine config error: counter_hz is " + machine.counterHz() + "; give from "
                    + VirtualCounter.MIN_HZ + " to " + VirtualCounter.MAX_HZ + ", or 0 for the host's counter");
        }
        if (machine.cpuTemplate() != null) {
            throw new RefusalException("Machine config error: the CPU template " + machine.cpuTemplate()
                    + " is not supported by Lull; its guests see the host's processor");
        }
        if (machine.trackDirtyPages()) {
            throw new RefusalException(
                    "Machine config error: track_dirty_pages is not supported by Lull yet, as snapshots are not");
        }
        if (settings.balloon() != null && settings.balloon().amountMib() > machine.memSizeMib()) {
            throw new RefusalException("Machine config error: The memory size (MiB) is smaller than the previously set "
                    + "balloon device target size.");
        }
    }

    static void check(Drive drive, VmSettings settings) {
        if (drive.socket() != null) {
            throw new RefusalException(
                    "Drive config error: vhost-user block devices are not supported by Lull yet; give path_on_host");
        }
        if (drive.pathOnHost() == null) {
            throw new RefusalException("Drive config error: Unable to create the virtio block device: "
                    + "Invalid block config; give path_on_host");
        }
        boolean secondRoot = drive.isRootDevice()
                && settings.drives().stream()
                        .anyMatch(other ->
                                other.isRootDevice() && !other.driveId().equals(drive.driveId()));
        if (secondRoot) {
            throw new RefusalException("Drive config error: A root block device already exists!");
        }
        checkDrivePath("Drive config error: Unable to create the virtio block device", drive.pathOnHost());
    }

    static void checkDrivePath(String what, Path path) {
        open(what + ": Error manipulating the backing file", path);
        if (Files.isDirectory(path)) {
            throw new RefusalException(what + ": " + path + " is a directory");
        }
    }

    static void check(NetworkInterface net, VmSettings settings) {
        if (net.guestMac() != null
                && settings.networkInterfaces().stream()
                        .anyMatch(other -> net.guestMac().equals(other.guestMac())
                                && !other.ifaceId().equals(net.ifaceId()))) {
            throw new RefusalException("Network config error: The MAC address is already in use: " + net.guestMac());
        }
        String tap = net.hostDevName();
        boolean wellFormed = !tap.isEmpty()
                && tap.length() <= MAX_TAP_NAME_BYTES
                && tap.chars().allMatch(c -> c > ' ' && c <= '~' && c != '/');
        if (!wellFormed) {
            throw new RefusalException(
                    "Network config error: Cannot open/create the tap device: Invalid interface name '" + tap + "'");
        }
        if (!Files.exists(Path.of("/sys/class/net", tap, "tun_flags"))) {
            throw new RefusalException(
                    "Network config error: Cannot open/create the tap device: there is no TAP device " + tap
                            + "; make it with: ip tuntap add " + tap + " mode tap");
        }
    }

    static void check(Balloon balloon, VmSettings settings) {
        if (balloon.amountMib() > settings.machine().memSizeMib()) {
            throw new RefusalException("Balloon config error: Amount of pages requested is too large.");
        }
    }

    private static void open(String what, Path path) {
        try {
            Fd.open(path.toString(), LinuxConstants.O_RDONLY | LinuxConstants.O_NONBLOCK)
                    .close();
        } catch (LinuxException e) {
            throw new RefusalException("%s: %s: %s".formatted(what, path, Errno.name(e.errno())));
        }
    }
}
