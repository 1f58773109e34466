package dev.lull.perf.bench;

import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.machine.CountersReading;
import dev.lull.agent.machine.CountersView;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs once a second to keep a machine's counters, and another program to read them: a machine with two vCPUs and a
 * disk that rests, whose memory was looked at as a whole before.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CountersRefresh {
    private static final int VCPUS = 2;
    private static final int DISK_BYTES = 1 << 20;

    /** The machine's memory. */
    @Param({"256", "4096"})
    private int memoryMib;

    private Path directory = Path.of("");

    @SuppressWarnings("NullAway.Init") // JMH calls what initializes it
    private Machine machine;

    @SuppressWarnings("NullAway.Init")
    private CountersView view;

    /** Starts the machine and pauses it. */
    @Setup
    public void start() throws IOException, InterruptedException {
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "lull-bench");
        Path image = Files.write(directory.resolve("image"), new byte[DISK_BYTES]);
        Path counters = directory.resolve("counters");
        machine = Machine.create(MachineConfig.kernel(payload())
                .memoryBytes((long) memoryMib << 20)
                .vcpus(VCPUS)
                .device(new DiskConfig("disk0", image))
                .countersFile(counters)
                .build());
        machine.start();
        machine.pause();
        view = CountersView.open(counters);
    }

    /** Gives all back. */
    @TearDown
    public void end() throws IOException {
        view.close();
        machine.close();
        Files.delete(directory.resolve("image"));
        Files.delete(directory);
    }

    @Benchmark
    public void refresh() {
        machine.refreshCounters();
    }

    @Benchmark
    public CountersReading read() {
        return view.read();
    }

    /** Beside the native library that the command names. */
    private static Path payload() {
        Path library = Path.of(System.getProperty("lull.core.library", ""));
        return library.resolveSibling("../guest/payload/spin.elf").normalize();
    }
}
