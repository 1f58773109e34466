package dev.lull.agent.mmds.net;

import java.time.Duration;
import org.agrona.concurrent.NanoClock;

/** A clock that a test moves. */
public final class TestClock implements NanoClock {
    private long nanos = Long.MAX_VALUE - 5_000_000_000L;

    /** Time passes. */
    public void pass(Duration time) {
        nanos += time.toNanos();
    }

    @Override
    public long nanoTime() {
        return nanos;
    }
}
