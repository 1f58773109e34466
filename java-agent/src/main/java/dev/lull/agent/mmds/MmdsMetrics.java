package dev.lull.agent.mmds;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/** What the service counts, under the names Firecracker's metrics have. Any thread may read. */
public final class MmdsMetrics {
    /** What is counted. */
    public enum Metric {
        /** Frames taken from the guest. */
        RX_ACCEPTED("rx_accepted"),

        /** Of those, frames that were malformed. */
        RX_ACCEPTED_ERR("rx_accepted_err"),

        /** Of those, frames nobody should send here, such as UDP. */
        RX_ACCEPTED_UNUSUAL("rx_accepted_unusual"),

        /** Of those, TCP segments. */
        RX_COUNT("rx_count"),

        /** GET requests with a token that is not valid; answered all the same in version 1. */
        RX_INVALID_TOKEN("rx_invalid_token"),

        /** GET requests without a token; answered all the same in version 1. */
        RX_NO_TOKEN("rx_no_token"),

        /** Frames given to the guest. */
        TX_FRAMES("tx_frames"),

        /** The bytes of those. */
        TX_BYTES("tx_bytes"),

        /** Connections given up, as the guest did not acknowledge what was sent again and again. */
        TX_ERRORS("tx_errors"),

        /** Connections begun. */
        CONNECTIONS_CREATED("connections_created"),

        /** Connections ended. */
        CONNECTIONS_DESTROYED("connections_destroyed");

        private final String key;

        Metric(String key) {
            this.key = key;
        }

        /** The name in Firecracker's metrics. */
        public String key() {
            return key;
        }
    }

    private final Map<Metric, AtomicLong> counts = new EnumMap<>(Metric.class);

    MmdsMetrics() {
        for (Metric metric : Metric.values()) {
            counts.put(metric, new AtomicLong());
        }
    }

    /** How often it happened. */
    public long get(Metric metric) {
        return of(metric).get();
    }

    void count(Metric metric) {
        add(metric, 1);
    }

    void add(Metric metric, long amount) {
        of(metric).addAndGet(amount);
    }

    private AtomicLong of(Metric metric) {
        return Objects.requireNonNull(counts.get(metric));
    }
}
