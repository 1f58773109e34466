package dev.lull.agent.control.vm;

import dev.lull.agent.machine.Management;
import dev.lull.linux.NativeThread.RunQueueDelay;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * How long vCPUs that could have run waited for their CPU, as the host's scheduler sums it up: of each vCPU and second the mean delay
 * of the times it was given its CPU, one value. It is no histogram of single delays, which only a trace could give; and it has
 * in it what the vCPU waited for when it had not been asleep.
 */
final class RunQueueDelays {
    private static final long LONGEST_NANOS = 60_000_000_000L;
    private static final int DIGITS = 2;

    private final Management management;
    private final @Nullable RunQueueDelay[] last;
    private final Histogram meanNanos = new Histogram(LONGEST_NANOS, DIGITS);

    RunQueueDelays(Management management) {
        this.management = management;
        this.last = new @Nullable RunQueueDelay[management.pins().size()];
    }

    /** Looks at all vCPUs; once a second. */
    synchronized void sample() {
        for (int vcpu = 0; vcpu < last.length; vcpu++) {
            RunQueueDelay now = management.runQueueDelay(vcpu);
            RunQueueDelay before = last[vcpu];
            if (now != null && before != null && now.waits() > before.waits()) {
                long mean = (now.waitedNanos() - before.waitedNanos()) / (now.waits() - before.waits());
                meanNanos.recordValue(Math.clamp(mean, 0, LONGEST_NANOS));
            }
            last[vcpu] = now;
        }
    }

    /** The means so far, in nanoseconds; a copy. */
    synchronized Histogram meanNanos() {
        return meanNanos.copy();
    }
}
