package dev.lull.agent.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What this process holds of the kernel's: descriptors, mappings of guest memory and vCPUs, threads.
 *
 * @param descriptors open file descriptors
 * @param kvmMappings mappings of KVM's and of a machine's size
 * @param threads of vCPUs and devices
 */
public record Footprint(long descriptors, long kvmMappings, long threads) {
    private static final long LARGE_BYTES = 16L << 20;

    /** As it is now. */
    public static Footprint measure() throws IOException {
        long threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().matches(".*-(vcpu\\d+|devices|eject-.*)"))
                .count();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"));
                Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return new Footprint(
                    descriptors.filter(Footprint::isTheKernels).count(),
                    maps.filter(line -> line.contains("kvm") || isLargeAnonymous(line))
                            .count(),
                    threads);
        }
    }

    /** Jar files the class loader opens when it needs them are no leak. */
    private static boolean isTheKernels(Path descriptor) {
        try {
            return !Files.readSymbolicLink(descriptor).toString().endsWith(".jar");
        } catch (IOException e) {
            return false; // The listing's own descriptor.
        }
    }

    private static boolean isLargeAnonymous(String line) {
        String[] fields = line.split("\\s+", 6);
        String[] range = fields[0].split("-", 2);
        long bytes = Long.parseUnsignedLong(range[1], 16) - Long.parseUnsignedLong(range[0], 16);
        return bytes >= LARGE_BYTES && fields[1].startsWith("rw") && fields[4].equals("0");
    }
}
