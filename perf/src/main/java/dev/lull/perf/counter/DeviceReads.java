package dev.lull.perf.counter;

import dev.lull.paravirt.clock.CounterDevice;
import dev.lull.paravirt.clock.CounterReader;
import dev.lull.perf.worker.Sample;
import java.util.SortedMap;
import java.util.TreeMap;

/** In a guest: reads the counter's page and prints how long that takes, as {@code clock reads} of the guest's tools does. */
public final class DeviceReads {
    private static final int READS = 1000;

    /** By then what reads is compiled for good. */
    private static final int WARM_UP_RUNS = 2_000;

    private DeviceReads() {}

    /** @param arguments how often to read 1000 times */
    public static void main(String[] arguments) {
        int runs = Integer.parseInt(arguments[0]);
        SortedMap<Long, Long> picos = new TreeMap<>();
        try (CounterDevice device = CounterDevice.open()) {
            for (int run = -WARM_UP_RUNS; run < runs; run++) {
                long took = nanosOfReads(device.reader());
                if (run >= 0) {
                    picos.merge(took, 1L, Long::sum);
                }
            }
        }
        System.out.println(Sample.text(picos));
    }

    private static long nanosOfReads(CounterReader reader) {
        long start = System.nanoTime();
        long last = reader.read();
        for (int read = 1; read < READS; read++) {
            long now = reader.read();
            if (now < last) {
                throw new IllegalStateException("the counter went back from " + last + " to " + now);
            }
            last = now;
        }
        return System.nanoTime() - start;
    }
}
