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
                Stream<String> maps = Files.lines(Path.of("/proc/self/smaps"))) {
            Mappings mappings = new Mappings();
            maps.forEach(mappings::line);
            return new Footprint(descriptors.filter(Footprint::isTheKernels).count(), mappings.count, threads);
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

    /** Counts them, line by line of {@code /proc/self/smaps}: several for each mapping, its range first and its flags last. */
    private static final class Mappings {
        private long bytes;
        private boolean ofKvm;
        private long count;

        void line(String line) {
            String[] fields = line.split("\\s+", 6);
            if (fields[0].matches("[0-9a-f]+-[0-9a-f]+")) {
                String[] range = fields[0].split("-", 2);
                bytes = Long.parseUnsignedLong(range[1], 16) - Long.parseUnsignedLong(range[0], 16);
                ofKvm = line.contains("kvm");
            } else if (fields[0].equals("VmFlags:") && (ofKvm || isMachines(line))) {
                count++;
            }
        }

        /** Huge pages are advised for a machine's memory ({@code hg}), and not for the heap of the JVM, which grows. */
        private boolean isMachines(String flags) {
            return bytes >= LARGE_BYTES && flags.contains(" hg");
        }
    }
}
