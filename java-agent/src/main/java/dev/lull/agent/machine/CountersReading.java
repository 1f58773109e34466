package dev.lull.agent.machine;

import java.util.List;

/**
 * What a machine's counters said at a moment. All but times and states only grow; who wants rates reads twice.
 *
 * @param timeNanos when what follows was true, by the host's monotonic clock; 0 if nobody keeps these counters. {@code requests}
 *     are of the moment of reading
 * @param vcpus in the order of their ids
 * @param residentBytes guest RAM that the host has provided; where it is large, of some parts a while ago
 * @param requests in the order of their devices and operations
 */
public record CountersReading(long timeNanos, List<Vcpu> vcpus, long residentBytes, List<Requests> requests) {
    /**
     * A vCPU.
     *
     * @param exits how often the guest was left
     * @param busyNanos processor time of its thread, in the guest and out of it
     */
    public record Vcpu(long exits, long busyNanos, VcpuState state) {}

    /**
     * One kind of request to a device.
     *
     * @param device its id
     * @param operation such as {@code read}
     * @param count how many have ended
     * @param bytes what they moved
     * @param failures how many of them failed
     * @param p99Nanos the 99th percentile, from queue to completion, in about the last second; 0 if there were none
     */
    public record Requests(String device, String operation, long count, long bytes, long failures, long p99Nanos) {}
}
