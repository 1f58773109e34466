package dev.lull.agent.devices;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.DeviceSite;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.balloon.VirtioBalloon;
import java.util.List;
import org.agrona.concurrent.SystemNanoClock;

/**
 * A memory balloon, which also returns to the host what the guest reports free.
 *
 * @param targetBytes how much memory it takes from the guest at first, 0 to {@link #MAX_BYTES}
 * @param deflateOnOom whether a guest that runs out of memory may take some back
 */
public record BalloonConfig(String id, long targetBytes, boolean deflateOnOom) implements DeviceConfig {
    /** The largest balloon there can be: 2^32 − 1 pages of 4 KiB (virtio 1.2 §5.5.4). */
    public static final long MAX_BYTES = 0xFFFF_FFFFL << 12;

    /** Refuses what no balloon can be. */
    public BalloonConfig {
        if (targetBytes < 0 || targetBytes > MAX_BYTES) {
            throw new ConfigException("balloon %s: %d bytes; it takes less than 16 TiB".formatted(id, targetBytes));
        }
    }

    @Override
    public List<String> claims() {
        return List.of("the memory balloon");
    }

    @Override
    public VirtioDevice open(DeviceSite site) {
        VirtioBalloon.Options options = new VirtioBalloon.Options(deflateOnOom, site.memoryPageBytes());
        VirtioBalloon balloon = new VirtioBalloon(options, site.stats(), SystemNanoClock.INSTANCE);
        balloon.setTarget(targetBytes);
        return balloon;
    }
}
