package dev.lull.agent.mmds;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.mmds.MmdsMetrics.Metric;
import dev.lull.agent.mmds.net.ServiceStation;
import dev.lull.agent.mmds.net.StationEvents;
import dev.lull.device.virtio.net.FrameDetour;
import dev.lull.device.virtio.net.MacAddress;
import java.util.Collection;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * The metadata service of one machine: what is stored, how a guest reaches it, and the station on a guest's network that
 * answers, as Firecracker's MMDS does.
 *
 * <p>{@link #configure} comes before the machine starts, and a network device is made with what {@link #detourFor} says for
 * its id; {@link #store} may change at any time.
 */
public final class Mmds {
    private static final MacAddress MAC = MacAddress.parse("06:01:23:45:67:01");
    private static final int PORT = 80;

    private final MmdsStore store;
    private final MmdsMetrics metrics = new MmdsMetrics();
    private final MmdsTokens tokens;
    private final NanoClock clock;
    private volatile @Nullable MmdsConfig config;

    /**
     * A service with nothing stored, which no guest can reach yet.
     *
     * @param machineId what the guest's tokens are bound to
     * @param limitBytes of what is stored; {@link MmdsStore#DEFAULT_LIMIT_BYTES} is usual
     */
    public Mmds(String machineId, int limitBytes) {
        this(machineId, limitBytes, SystemNanoClock.INSTANCE);
    }

    Mmds(String machineId, int limitBytes, NanoClock clock) {
        store = new MmdsStore(limitBytes);
        tokens = new MmdsTokens(machineId, clock);
        this.clock = clock;
    }

    /** What is stored. */
    public MmdsStore store() {
        return store;
    }

    /** What the service counts, on all network devices together. */
    public MmdsMetrics metrics() {
        return metrics;
    }

    /** How a guest reaches the service; null if it cannot. */
    public @Nullable MmdsConfig config() {
        return config;
    }

    /**
     * Says how a guest reaches the service, in place of what was said before.
     *
     * @param networkInterfaces the ids of the network devices there are
     * @throws ConfigException if {@code newConfig} names one that is not there; nothing is changed then
     */
    public void configure(MmdsConfig newConfig, Collection<String> networkInterfaces) {
        if (!networkInterfaces.containsAll(newConfig.networkInterfaces())) {
            throw new ConfigException(
                    "The list of network interface IDs provided contains at least one ID that does not "
                            + "correspond to any existing network interface.");
        }
        config = newConfig;
    }

    /**
     * What makes the service's station on the network of a device.
     *
     * @param networkInterface the device's id
     * @return null if the service is not to be reached there
     */
    public @Nullable Supplier<FrameDetour> detourFor(String networkInterface) {
        MmdsConfig now = config;
        if (now == null || !now.networkInterfaces().contains(networkInterface)) {
            return null;
        }
        return () -> new ServiceStation(
                MAC,
                now.addressBits(),
                PORT,
                new MmdsService(store, tokens, metrics, now),
                new Counting(),
                clock,
                new SplittableRandom());
    }

    private final class Counting implements StationEvents {
        @Override
        public void received(Received what) {
            metrics.count(Metric.RX_ACCEPTED);
            switch (what) {
                case SEGMENT -> metrics.count(Metric.RX_COUNT);
                case ARP_REQUEST -> {}
                case UNUSUAL -> metrics.count(Metric.RX_ACCEPTED_UNUSUAL);
                case MALFORMED -> metrics.count(Metric.RX_ACCEPTED_ERR);
            }
        }

        @Override
        public void sent(int lengthBytes) {
            metrics.count(Metric.TX_FRAMES);
            metrics.add(Metric.TX_BYTES, lengthBytes);
        }

        @Override
        public void connectionCreated() {
            metrics.count(Metric.CONNECTIONS_CREATED);
        }

        @Override
        public void connectionDestroyed() {
            metrics.count(Metric.CONNECTIONS_DESTROYED);
        }

        @Override
        public void gaveUp() {
            metrics.count(Metric.TX_ERRORS);
        }
    }
}
