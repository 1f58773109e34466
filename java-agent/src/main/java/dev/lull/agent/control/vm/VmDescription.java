package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.Command.Subject;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.control.dialect.VmDocument;
import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.ScaledCounter;
import dev.lull.device.virtio.balloon.Statistic;
import dev.lull.device.virtio.balloon.VirtioBalloon;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a virtual machine answers when it is asked of itself. */
final class VmDescription {
    /** The version of Firecracker's API that is spoken. */
    static final String DIALECT_VERSION = "1.17.0";

    static final String COUNTER_ERROR = "Counter error: ";

    private static final long PAGE_BYTES = 4096;
    private static final long MIB = 1 << 20;

    private final MicroVm vm;

    VmDescription(MicroVm vm) {
        this.vm = vm;
    }

    @Nullable
    Object of(Subject subject) {
        return switch (subject) {
            case INSTANCE -> instance();
            case VERSION -> Map.of("firecracker_version", DIALECT_VERSION);
            case CONFIGURATION -> configuration(vm.settings());
            case MACHINE -> configuration(vm.settings()).get("machine-config");
            case BALLOON -> balloon();
            case BALLOON_STATISTICS -> balloonStatistics();
            case BALLOON_HINTING -> hinting();
            case MMDS -> metadata();
            case IDLE -> IdleJson.detail(idle(vm).view(), vm.site().idle().cpus());
            case COUNTER -> counter();
        };
    }

    /**
     * The idle time of a machine that runs.
     *
     * @throws RefusalException if it is not used
     */
    static VmIdle idle(MicroVm vm) {
        VmIdle idle = vm.idle();
        if (idle == null) {
            throw new RefusalException("Idle time error: " + vm.noIdle());
        }
        return idle;
    }

    private Map<String, @Nullable Object> instance() {
        return new JsonMembers()
                .with("id", vm.id())
                .with("state", vm.state().text())
                .with("vmm_version", Version.TEXT)
                .with("app_name", "Lull")
                .toMap();
    }

    static Map<String, @Nullable Object> configuration(VmSettings settings) {
        return VmDocument.of(
                settings.bootSource(),
                settings.machine(),
                settings.drives(),
                settings.networkInterfaces(),
                new VmDocument.Rest(
                        settings.vsock(),
                        settings.balloon(),
                        settings.entropy(),
                        settings.serial(),
                        settings.logger(),
                        settings.metrics(),
                        settings.mmds()));
    }

    private Object balloon() {
        if (vm.settings().balloon() == null) {
            throw new RefusalException("Balloon config error: No balloon device found.");
        }
        return vm.settings().balloon().toJson();
    }

    private Object balloonStatistics() {
        Machine machine = vm.machine();
        if (machine == null || vm.settings().balloon() == null) {
            throw new RefusalException("Internal VMM error: No balloon device found.");
        }
        if (vm.settings().balloon().statsPollingIntervalSeconds() == 0) {
            throw new RefusalException("Internal VMM error: Balloon error: Balloon statistics are not enabled");
        }
        VirtioBalloon balloon = machine.device(DeviceIds.BALLOON, VirtioBalloon.class);
        JsonMembers members = new JsonMembers()
                .with("target_pages", balloon.targetBytes() / PAGE_BYTES)
                .with("actual_pages", balloon.actualBytes() / PAGE_BYTES)
                .with("target_mib", balloon.targetBytes() / MIB)
                .with("actual_mib", balloon.actualBytes() / MIB);
        for (Statistic statistic : Statistic.values()) {
            balloon.statistics().value(statistic).ifPresent(value -> members.with(name(statistic), value));
        }
        return members.toMap();
    }

    private Object hinting() {
        Machine machine = vm.machine();
        if (machine == null || vm.settings().balloon() == null) {
            throw new RefusalException("Balloon update error: No balloon device found.");
        }
        try {
            VirtioBalloon.HintingStatus status =
                    machine.device(DeviceIds.BALLOON, VirtioBalloon.class).hintingStatus();
            JsonMembers members = new JsonMembers().with("host_cmd", status.hostCommand());
            status.guestCommand().ifPresent(command -> members.with("guest_cmd", command));
            return members.toMap();
        } catch (IllegalStateException e) {
            throw new RefusalException("Balloon update error: Balloon error: " + e.getMessage());
        }
    }

    private Object counter() {
        Machine machine = vm.machine();
        if (machine == null || vm.settings().machine().counterHz() == 0) {
            throw new RefusalException(COUNTER_ERROR + "the guest has the host's; stop the microVM, give counter_hz in "
                    + "machine-config, and start it");
        }
        ScaledCounter counter = machine.scaledCounter();
        return new JsonMembers()
                .with("nominal_hz", counter.counter().nominalHz())
                .with("host_hz", counter.hostHz())
                .with("dilation", counter.dilation())
                .with("page_gpa", counter.pageGpa())
                .with("guest_ns", counter.nanos())
                .with("refused_addresses", counter.refusedAddresses())
                .toMap();
    }

    private Object metadata() {
        if (vm.machine() != null && vm.mmds().config() == null) {
            throw new RefusalException("MMDS error: The MMDS data store is not initialized.");
        }
        Object contents = Json.parse(vm.mmds().store().get());
        return contents == null ? Map.of() : contents;
    }

    /** The dialect's name of a statistic. */
    private static String name(Statistic statistic) {
        return switch (statistic) {
            case SWAP_IN_BYTES -> "swap_in";
            case SWAP_OUT_BYTES -> "swap_out";
            case MAJOR_FAULTS -> "major_faults";
            case MINOR_FAULTS -> "minor_faults";
            case FREE_BYTES -> "free_memory";
            case TOTAL_BYTES -> "total_memory";
            case AVAILABLE_BYTES -> "available_memory";
            case CACHE_BYTES -> "disk_caches";
            case HUGE_PAGES_ALLOCATED -> "hugetlb_allocations";
            case HUGE_PAGES_REFUSED -> "hugetlb_failures";
            case OOM_KILLS -> "oom_kill";
            case ALLOCATION_STALLS -> "alloc_stall";
            case ASYNC_SCANNED_BYTES -> "async_scan";
            case DIRECT_SCANNED_BYTES -> "direct_scan";
            case ASYNC_RECLAIMED_BYTES -> "async_reclaim";
            case DIRECT_RECLAIMED_BYTES -> "direct_reclaim";
        };
    }
}
