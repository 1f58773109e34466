package dev.lull.agent.client;

import dev.lull.agent.json.JsonObject;

/**
 * A running machine's counter of its own frequency.
 *
 * @param nominalHz its frequency
 * @param hostHz that of the host's counter, of which it is made
 * @param dilation how many seconds a second of the guest's lasts
 * @param pageGpa the guest-physical address of its page
 * @param guestNanos the guest's time since the machine was made
 * @param refusedAddresses how many addresses the guest has named for its clock that cannot be had
 */
public record CounterInfo(
        long nominalHz, long hostHz, double dilation, long pageGpa, long guestNanos, long refusedAddresses) {
    /** Reads the service's description. */
    public static CounterInfo parse(byte[] json) {
        return Answer.read(json, CounterInfo::of);
    }

    private static CounterInfo of(JsonObject json) {
        return new CounterInfo(
                json.integer("nominal_hz", 0, Long.MAX_VALUE),
                json.integer("host_hz", 0, Long.MAX_VALUE),
                json.number("dilation", 0, Double.MAX_VALUE),
                json.integer("page_gpa", 0, Long.MAX_VALUE),
                json.integer("guest_ns", Long.MIN_VALUE, Long.MAX_VALUE),
                json.integer("refused_addresses", 0, Long.MAX_VALUE));
    }
}
