package dev.lull.agent.cli;

import dev.lull.device.legacy.SerialPort;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What the demo's guest says of itself on its console, a line {@code lull-guest: key=value} for each thing. */
final class GuestReport implements SerialPort.Output {
    private static final String PREFIX = "lull-guest: ";
    private static final String INIT = "init";

    private final StringBuilder line = new StringBuilder();
    private final Map<String, String> values = new LinkedHashMap<>();
    private long startNanos = System.nanoTime();
    private long initNanos = -1;
    private String last = "";
    private boolean ended;

    @Override
    public synchronized void accept(int value) {
        if (value != '\n') {
            line.append(value < ' ' ? "" : (char) value);
            return;
        }
        String whole = line.toString();
        line.setLength(0);
        last = whole.isBlank() ? last : whole;
        int start = whole.indexOf(PREFIX);
        if (start >= 0) {
            take(whole.substring(start + PREFIX.length()));
        }
    }

    private void take(String said) {
        if (said.equals(INIT)) {
            initNanos = System.nanoTime() - startNanos;
            notifyAll();
        }
        int equals = said.indexOf('=');
        if (equals > 0) {
            values.put(said.substring(0, equals), said.substring(equals + 1));
        }
    }

    /** The machine is about to be powered on. */
    synchronized void begin() {
        startNanos = System.nanoTime();
    }

    /** No more will be said. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /**
     * Waits for the guest's first program to run.
     *
     * @return false if it does not yet
     */
    synchronized boolean awaitInit(long timeoutNanos) throws InterruptedException {
        long deadline = System.nanoTime() + timeoutNanos;
        long left = timeoutNanos;
        while (initNanos < 0 && !ended && left > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = deadline - System.nanoTime();
        }
        return initNanos >= 0 || ended;
    }

    /** What was said of {@code key}; empty if nothing. */
    synchronized String value(String key) {
        return values.getOrDefault(key, "");
    }

    /** As {@link #value}, as a number; 0 if nothing. */
    synchronized long number(String key) {
        String value = value(key);
        return value.isEmpty() ? 0 : Long.parseLong(value);
    }

    /** From {@link #begin} to the first program's first line; −1 without one. */
    synchronized long initNanos() {
        return initNanos;
    }

    /** The last line on the console, for a guest that failed. */
    synchronized String lastLine() {
        return last;
    }
}
