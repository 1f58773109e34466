package dev.lull.agent.cli.top;

/**
 * What a machine does, by the second. What is not known, yet or at all, is NaN.
 *
 * @param busyPercent processor time of all its vCPUs, 100 for a processor
 * @param exits how often its guest was left
 * @param requests what it asks of its devices
 * @param residentBytes guest RAM that the host has provided
 */
record VmRates(double busyPercent, double exits, RequestRates requests, double residentBytes) {
    /** Of a machine of which nothing is known. */
    static final VmRates UNKNOWN = new VmRates(Double.NaN, Double.NaN, RequestRates.UNKNOWN, Double.NaN);
}
