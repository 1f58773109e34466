package dev.lull.agent.machine;

import dev.lull.device.legacy.SerialPort;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** What a {@link Machine} is made of. Built by {@link #kernel}, checked by {@link Builder#build}. */
public final class MachineConfig {
    /** The most vCPUs a machine may have. */
    public static final int MAX_VCPUS = 32;

    /** The least memory a machine may have, in bytes. */
    public static final long MIN_MEMORY_BYTES = 16L << 20;

    private static final long PAGE_BYTES = 4096;

    private final Builder builder;
    private @Nullable UUID id;

    private MachineConfig(Builder builder) {
        this.builder = builder;
    }

    /** Begins a configuration that boots {@code kernel}, a Linux bzImage or vmlinux. */
    public static Builder kernel(Path kernel) {
        return new Builder(kernel);
    }

    /** For messages and thread names. */
    public String name() {
        return builder.name;
    }

    /** Identifies this machine among all others anywhere. Made when first asked for: it takes a secure random generator. */
    public synchronized UUID id() {
        if (id == null) {
            id = UUID.randomUUID();
        }
        return id;
    }

    /** The kernel image. */
    public Path kernel() {
        return builder.kernel;
    }

    /** The initial RAM disk, if any. */
    public @Nullable Path initrd() {
        return builder.initrd;
    }

    /** The kernel's command line. */
    public String commandLine() {
        return builder.commandLine;
    }

    /** Guest RAM in bytes. */
    public long memoryBytes() {
        return builder.memoryBytes;
    }

    /** Whether guest RAM comes from the host's pool of 2 MiB huge pages. */
    public boolean hugePages() {
        return builder.hugePages;
    }

    /** The size of the host's pages behind guest RAM, at the least. */
    long memoryPageBytes() {
        return hugePages() ? MemoryMap.HUGE_PAGE_BYTES : PAGE_BYTES;
    }

    /** The number of vCPUs. */
    public int vcpus() {
        return builder.vcpus;
    }

    /** The host's CPU of each vCPU, see {@link Builder#pin}; empty if they may run anywhere. */
    public List<Integer> pins() {
        return builder.pins;
    }

    /** Whether the machine has a PCI bus: for its devices, or for those to come while it runs. */
    public boolean pci() {
        return builder.hotplug || !builder.devices.isEmpty();
    }

    /** Whether the guest is told of a keyboard, see {@link Builder#keyboard}. */
    public boolean keyboard() {
        return builder.keyboard;
    }

    /** The guest's counter of its own frequency; null if its clock is KVM's. */
    public @Nullable ScaledCounterConfig scaledCounter() {
        return builder.scaledCounter;
    }

    /** The devices the machine starts with. */
    public List<DeviceConfig> devices() {
        return List.copyOf(builder.devices);
    }

    /** Where the devices' counters are to be read by other processes, if anywhere. */
    public @Nullable Path countersFile() {
        return builder.countersFile;
    }

    /** Whether the time each exit takes is recorded, not only its count. */
    public boolean timedExits() {
        return builder.timedExits;
    }

    /** Takes what the guest sends to its serial console. */
    public SerialPort.Output consoleOutput() {
        return builder.consoleOutput;
    }

    /** Takes a line for a person when something is amiss that does not keep the machine from running. */
    public Consumer<String> warnings() {
        return builder.warnings;
    }

    /** Takes the time from power-on to the guest's first signal on the boot timer port, in nanoseconds, on a vCPU thread. */
    public LongConsumer onBoot() {
        return builder.onBoot;
    }

    /** Told how the machine ended, see {@link Builder#onEnd}. */
    public Consumer<MachineEnd> onEnd() {
        return builder.onEnd;
    }

    /** Builds a {@link MachineConfig}. */
    public static final class Builder {
        private final Path kernel;
        private String name = "vm";
        private @Nullable Path initrd;
        private String commandLine = "console=ttyS0";
        private long memoryBytes = 256L << 20;
        private boolean hugePages;
        private int vcpus = 1;
        private List<Integer> pins = List.of();
        private boolean keyboard;
        private @Nullable ScaledCounterConfig scaledCounter;
        private boolean hotplug;
        private @Nullable Path countersFile;
        private final List<DeviceConfig> devices = new ArrayList<>();
        private boolean timedExits;
        private SerialPort.Output consoleOutput = octet -> {};
        private Consumer<String> warnings = System.err::println;
        private LongConsumer onBoot = nanos -> {};
        private Consumer<MachineEnd> onEnd = end -> {};

        private Builder(Path kernel) {
            this.kernel = kernel;
        }

        /** A name for messages and threads; {@code vm} unless given. */
        public Builder name(String name) {
            this.name = name;
            return this;
        }

        /** The initial RAM disk; none unless given. */
        public Builder initrd(Path initrd) {
            this.initrd = initrd;
            return this;
        }

        /** The kernel's command line; {@code console=ttyS0} unless given. */
        public Builder commandLine(String commandLine) {
            this.commandLine = commandLine;
            return this;
        }

        /** Guest RAM in bytes, a multiple of 4 KiB, at least {@link #MIN_MEMORY_BYTES}; 256 MiB unless given. */
        public Builder memoryBytes(long memoryBytes) {
            this.memoryBytes = memoryBytes;
            return this;
        }

        /** Whether guest RAM comes from the host's pool of 2 MiB huge pages; not unless given. */
        public Builder hugePages(boolean hugePages) {
            this.hugePages = hugePages;
            return this;
        }

        /** The number of vCPUs, 1–{@link #MAX_VCPUS}; 1 unless given. */
        public Builder vcpus(int vcpus) {
            this.vcpus = vcpus;
            return this;
        }

        /**
         * Binds the vCPUs to CPUs of the host, the first to the first and so on; they may run anywhere unless given. The host then
         * does not poll for the guest's next interrupt when a vCPU halts, so that its CPU is free at once.
         */
        public Builder pin(List<Integer> cpus) {
            this.pins = List.copyOf(cpus);
            return this;
        }

        /**
         * Whether the guest is told of a keyboard, of which it takes {@link Machine#sendCtrlAltDel}; not unless given, as
         * looking for one makes its boot longer.
         */
        public Builder keyboard(boolean keyboard) {
            this.keyboard = keyboard;
            return this;
        }

        /**
         * Gives the guest a counter of its own frequency, by which Lull keeps its clock, instead of KVM by the host's;
         * see {@link ScaledCounter}.
         */
        public Builder scaledCounter(@Nullable ScaledCounterConfig scaledCounter) {
            this.scaledCounter = scaledCounter;
            return this;
        }

        /** A device the machine starts with, besides those given before. Any such machine may be given more while it runs. */
        public Builder device(DeviceConfig device) {
            devices.add(device);
            return this;
        }

        /** Whether devices may come while the machine runs, even if it starts with none; not unless given. */
        public Builder hotplug(boolean hotplug) {
            this.hotplug = hotplug;
            return this;
        }

        /**
         * A file for the devices' counters, which is there as long as the machine; none unless given. Agrona's
         * {@code CountersReader} reads its two parts; docs/design.md has the layout.
         */
        public Builder countersFile(Path countersFile) {
            this.countersFile = countersFile;
            return this;
        }

        /** Whether to record the time each exit takes, at the cost of two clock readings an exit; not unless given. */
        public Builder timedExits(boolean timedExits) {
            this.timedExits = timedExits;
            return this;
        }

        /** Takes what the guest sends to its serial console; discarded unless given. */
        public Builder consoleOutput(SerialPort.Output consoleOutput) {
            this.consoleOutput = consoleOutput;
            return this;
        }

        /** Takes a line for a person when something is amiss that does not keep the machine from running. */
        public Builder warnings(Consumer<String> warnings) {
            this.warnings = warnings;
            return this;
        }

        /** Told once when the guest signals on the boot timer port, see {@link MachineConfig#onBoot}. */
        public Builder onBoot(LongConsumer onBoot) {
            this.onBoot = onBoot;
            return this;
        }

        /**
         * Told once how the machine ended, when all its vCPU threads are out of the guest for good, as {@link
         * Machine#awaitEnd} waits for. It is called by the last of them on its way out: it may have another thread call {@link
         * Machine#close}, which waits for it, but not call that itself. Never told of a machine that was not started.
         */
        public Builder onEnd(Consumer<MachineEnd> onEnd) {
            this.onEnd = onEnd;
            return this;
        }

        /**
         * The configuration.
         *
         * @throws ConfigException if a number is out of its bounds
         */
        public MachineConfig build() {
            if (vcpus < 1 || vcpus > MAX_VCPUS) {
                throw new ConfigException(vcpus + " vCPUs: a machine has 1 to " + MAX_VCPUS);
            }
            if (memoryBytes < MIN_MEMORY_BYTES) {
                throw new ConfigException(
                        memoryBytes + " bytes of memory: a machine has at least " + (MIN_MEMORY_BYTES >> 20) + " MiB");
            }
            long unit = hugePages ? MemoryMap.HUGE_PAGE_BYTES : PAGE_BYTES;
            if (memoryBytes % unit != 0) {
                throw new ConfigException(
                        memoryBytes + " bytes of memory: give a multiple of " + (unit >> 10) + " KiB");
            }
            if (!pins.isEmpty() && pins.size() != vcpus) {
                throw new ConfigException(pins.size() + " CPUs to pin vCPUs to: the machine has " + vcpus
                        + " vCPUs; name a CPU for each");
            }
            if (!devices.isEmpty()) {
                DeviceRoster.check(devices);
            }
            return new MachineConfig(this);
        }
    }
}
