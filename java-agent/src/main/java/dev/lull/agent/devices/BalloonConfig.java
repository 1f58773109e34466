package dev.lull.agent.devices;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.DeviceSite;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.balloon.VirtioBalloon;
import java.time.Duration;
import java.util.List;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A memory balloon, which also returns to the host what the guest reports free.
 *
 * @param targetBytes how much memory it takes from the guest at first, 0 to {@link #MAX_BYTES}
 * @param deflateOnOom whether a guest that runs out of memory may take some back
 * @param statisticsInterval how often the guest is asked for statistics at first, with {@link Duration#ZERO} never; null if
 *     it is never to be asked
 * @param freePageHinting whether the guest can be asked to name memory it has free, see {@link VirtioBalloon#startHinting}
 * @param freePageReporting whether the guest reports memory it has free
 */
public record BalloonConfig(
        String id,
        long targetBytes,
        boolean deflateOnOom,
        @Nullable Duration statisticsInterval,
        boolean freePageHinting,
        boolean freePageReporting)
        implements DeviceConfig {
    /** The largest balloon there can be: 2^32 − 1 pages of 4 KiB (virtio 1.2 §5.5.4). */
    public static final long MAX_BYTES = 0xFFFF_FFFFL << 12;

    private static final Duration MAX_STATISTICS_INTERVAL = Duration.ofDays(1);

    /** Refuses what no balloon can be. */
    public BalloonConfig {
        if (targetBytes < 0 || targetBytes > MAX_BYTES) {
            throw new ConfigException("balloon %s: %d bytes; it takes less than 16 TiB".formatted(id, targetBytes));
        }
        if (statisticsInterval != null
                && (statisticsInterval.isNegative() || statisticsInterval.compareTo(MAX_STATISTICS_INTERVAL) > 0)) {
            throw new ConfigException(
                    "balloon %s: statistics every %s; ask at least once a day".formatted(id, statisticsInterval));
        }
    }

    /** With statistics, which are asked for when somebody says how often, and free page reporting, without hinting. */
    public BalloonConfig(String id, long targetBytes, boolean deflateOnOom) {
        this(id, targetBytes, deflateOnOom, Duration.ZERO, false, true);
    }

    @Override
    public List<String> claims() {
        return List.of("the memory balloon");
    }

    @Override
    public VirtioDevice open(DeviceSite site) {
        VirtioBalloon.Options options = new VirtioBalloon.Options(
                deflateOnOom, statisticsInterval != null, freePageHinting, freePageReporting, site.memoryPageBytes());
        VirtioBalloon balloon = new VirtioBalloon(options, site.stats(), SystemNanoClock.INSTANCE);
        balloon.setTarget(targetBytes);
        if (statisticsInterval != null) {
            balloon.setStatisticsInterval(statisticsInterval.toNanos());
        }
        return balloon;
    }
}
