package dev.lull.agent.control.http;

import io.netty.channel.Channel;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * When a connection's patience ends. It is moved at every request and seldom reached, so it is a number that a timer looks
 * at, and the timer is set anew only if the deadline comes nearer. For the event loop.
 */
final class Deadline {
    private final Channel channel;
    private final Runnable expired;
    private boolean set;
    private long atNanos;
    private @Nullable Future<?> timer;
    private long timerAtNanos;

    Deadline(Channel channel, Runnable expired) {
        this.channel = channel;
        this.expired = expired;
    }

    /** Runs the task if neither this nor {@link #never} is called for so long. */
    void in(Duration patience) {
        atNanos = System.nanoTime() + patience.toNanos();
        set = true;
        if (timer != null && timerAtNanos - atNanos > 0) {
            cancel();
        }
        if (timer == null) {
            setTimer();
        }
    }

    /** There is nothing to wait for. */
    void never() {
        set = false;
    }

    /** Gives up the timer. */
    void cancel() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void setTimer() {
        timerAtNanos = atNanos;
        timer = channel.eventLoop().schedule(this::look, timerAtNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    private void look() {
        timer = null;
        if (!set) {
            return;
        }
        if (atNanos - System.nanoTime() > 0) {
            setTimer();
        } else {
            set = false;
            expired.run();
        }
    }
}
