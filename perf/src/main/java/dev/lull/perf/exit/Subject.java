package dev.lull.perf.exit;

/** A way to take exits of the one guest, port writes all, and to answer them. */
interface Subject {
    /**
     * Takes as many exits as {@code intervalNanos} has elements.
     *
     * @param intervalNanos becomes the time of each, from the last one answered to this one answered; the clock is read
     *     once an exit, in every subject alike
     */
    void exits(long[] intervalNanos);
}
