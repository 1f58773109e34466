package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.TokenBucketBody;
import dev.lull.device.legacy.SerialPort;
import dev.lull.device.virtio.TokenBucket;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;

/** Lets through what a guest writes to its console up to a rate, and drops the rest. On its vCPUs' threads, one at a time. */
final class SerialLimit implements SerialPort.Output {
    private final SerialPort.Output output;
    private final TokenBucket bucket;
    private volatile long droppedBytes;

    SerialLimit(SerialPort.Output output, TokenBucketBody limit) {
        this.output = output;
        long burst = limit.oneTimeBurst() == null ? 0 : limit.oneTimeBurst();
        bucket = new TokenBucket(
                limit.size(),
                burst,
                Math.min(TimeUnit.MILLISECONDS.toNanos(limit.refillTimeMillis()), TokenBucket.MAX_REFILL_NANOS),
                SystemNanoClock.INSTANCE);
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // the serial port's lock is held: one thread at a time writes
    public void accept(int value) {
        if (bucket.nanosUntil(1) > 0) {
            droppedBytes++;
            return;
        }
        bucket.take(1);
        output.accept(value);
    }

    /** How many bytes came too fast. */
    long droppedBytes() {
        return droppedBytes;
    }
}
