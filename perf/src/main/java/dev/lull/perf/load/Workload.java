package dev.lull.perf.load;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What guests are asked to do, and what it needs of their host. */
interface Workload extends AutoCloseable {
    /** The device of guest {@code number}, from 0; made for it. */
    Device device(int number) throws IOException;

    /** What a guest does once before all work; empty for nothing. */
    String prepare(int number);

    /** Its rows, in order. */
    List<Work> work(int number);

    @Override
    void close() throws IOException;

    /** The device under test. */
    sealed interface Device {
        /** A raw file as a disk. */
        record Disk(Path file) implements Device {}

        /** A TAP interface as a NIC. */
        record Nic(String tap, String mac) implements Device {}
    }

    /** By the name of its scenario. */
    static Workload named(String scenario, Path directory, Path tools) throws IOException {
        return switch (scenario) {
            case "block" -> new BlockWorkload(directory);
            case "net" -> new NetWorkload(tools);
            default -> throw new IllegalArgumentException(scenario);
        };
    }
}
