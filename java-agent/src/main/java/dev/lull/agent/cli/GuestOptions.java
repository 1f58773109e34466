package dev.lull.agent.cli;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What a guest with a kernel is made of, beside that and its devices, as picocli sees it. */
public final class GuestOptions {
    @Option(names = "--initrd", paramLabel = "FILE", description = "Initial RAM disk, a cpio archive, packed or not.")
    private @Nullable Path initrd;

    @Option(
            names = "--cmdline",
            paramLabel = "STRING",
            defaultValue = RunOptions.DEFAULT_COMMAND_LINE,
            description = "Kernel command line (${DEFAULT-VALUE}).")
    private String commandLine = "";

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            defaultValue = RunOptions.DEFAULT_MEMORY,
            converter = Size.class,
            description = "Guest memory with K, M, G or T (${DEFAULT-VALUE}).")
    private long memoryBytes;

    @Option(
            names = "--cpus",
            paramLabel = "N",
            defaultValue = RunOptions.DEFAULT_CPUS,
            description = "vCPUs, 1 to 32 (${DEFAULT-VALUE}).")
    private int cpus;

    @Option(names = "--hugepages", description = "Take guest memory from the host's pool of 2 MiB pages.")
    private boolean hugePages;

    @Option(
            names = "--pin",
            paramLabel = "CPU",
            split = ",",
            description =
                    "Bind the vCPUs to these CPUs of the host, the first to the first and so on; lull idle uses their "
                            + "idle time then.")
    private List<Integer> pins = List.of();

    /** Initial RAM disk, if any. */
    public @Nullable Path initrd() {
        return initrd;
    }

    /** The kernel's command line. */
    public String commandLine() {
        return commandLine;
    }

    /** Guest RAM. */
    public long memoryBytes() {
        return memoryBytes;
    }

    /** Number of vCPUs. */
    public int cpus() {
        return cpus;
    }

    /** Whether guest RAM comes from the pool of 2 MiB pages. */
    public boolean hugePages() {
        return hugePages;
    }

    /** The host's CPU of each vCPU; empty for any. */
    public List<Integer> pins() {
        return List.copyOf(pins);
    }

    /** {@link ByteSize} for picocli. */
    static final class Size implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            try {
                return ByteSize.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
