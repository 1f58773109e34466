package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.ScaledCounter;
import dev.lull.agent.machine.ScaledCounterConfig;
import dev.lull.kvm.HostTsc;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A Debian with a counter of Lull's, and the module lull_pv to load. How fast the counter goes is measured against the
 * processor's, which guest and host both read, so nothing depends on how soon an answer comes.
 */
final class CounterGuest implements AutoCloseable {
    /** What the counter is to be. */
    enum Nominal {
        GIGAHERTZ {
            @Override
            long hertz() {
                return ScaledCounterConfig.DEFAULT_HZ;
            }
        },
        SLOWER_THAN_THE_HOST {
            @Override
            long hertz() {
                return Math.round(0.37 * HostTsc.measureHertz());
            }
        };

        abstract long hertz();
    }

    static final double PARTS_PER_MILLION = 1e-6;
    static final double MAX_ERROR = 50 * PARTS_PER_MILLION;

    private static final int MEMORY_MIB = 256;
    private static final long APART_MILLIS = Soak.of(4_000L, 60_000L);

    private final DebianGuest guest;
    private final long nominalHz;

    private CounterGuest(DebianGuest guest, long nominalHz) {
        this.guest = guest;
        this.nominalHz = nominalHz;
    }

    /** Boots a guest that has {@code devices} besides its root disk; the module is not loaded. */
    static CounterGuest boot(int vcpus, long nominalHz, List<? extends DeviceConfig> devices)
            throws InterruptedException {
        DebianGuest guest = DebianGuest.boot(
                config -> config.vcpus(vcpus).scaledCounter(new ScaledCounterConfig(nominalHz, 1)),
                MEMORY_MIB,
                devices);
        return new CounterGuest(guest, nominalHz);
    }

    void loadModule() throws InterruptedException {
        run("insmod /tmp/bin/lull_pv.ko");
    }

    /** What {@code command}, one line, writes in the guest; it must succeed. */
    String run(String command) throws InterruptedException {
        return guest.run(command);
    }

    /** The same of a command that writes a line of {@code name=number}. */
    Map<String, Long> numbers(String command) throws InterruptedException {
        return parse(run(command));
    }

    /** An attribute of the module's device. */
    String attribute(String name) throws InterruptedException {
        return run("cat /sys/class/misc/lull_counter/" + name);
    }

    /** What it is to be, in hertz. */
    long nominalHz() {
        return nominalHz;
    }

    ScaledCounter counter() {
        return machine().scaledCounter();
    }

    Machine machine() {
        return guest.machine();
    }

    /** The counter goes as fast as it is to. */
    void checkRate() throws Exception {
        checkRate("counter sample", "counter", nominalHz);
    }

    /** So does the kernel's clock. */
    void checkClockRate() throws Exception {
        checkRate("clock sample", "nanos", 1_000_000_000);
    }

    /** The kernel has nothing to complain of, and the guest powers off. */
    void endClean() throws InterruptedException {
        guest.endClean();
    }

    @Override
    public void close() {
        guest.close();
    }

    private void checkRate(String sample, String name, long perSecond) throws Exception {
        Map<String, Long> before = numbers(sample);
        Map<String, Long> hostBefore = sampleOnHost();
        Thread.sleep(APART_MILLIS);
        double perTick = slope(before, numbers(sample), name, "ticks");
        double ticksPerSecond = slope(hostBefore, sampleOnHost(), "ticks", "nanos") * 1e9;
        double error = perTick * ticksPerSecond / perSecond - 1;
        System.out.printf("%s of %d Hz: %.3f ppm off%n", name, perSecond, error / PARTS_PER_MILLION);
        assertThat(error).isCloseTo(0, within(MAX_ERROR));
    }

    private static Map<String, Long> sampleOnHost() throws IOException, InterruptedException {
        return parse(Host.run(LabKernels.tool("clock").toString(), "sample"));
    }

    /** How much one number went on for each of another. */
    private static double slope(Map<String, Long> before, Map<String, Long> after, String one, String other) {
        return (double) (after.get(one) - before.get(one)) / (after.get(other) - before.get(other));
    }

    private static Map<String, Long> parse(String line) {
        return Arrays.stream(line.split(" ", -1))
                .map(word -> word.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> Long.parseLong(pair[1])));
    }
}
