package dev.lull.agent.devices;

import dev.lull.agent.machine.DeviceConfig;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.rng.VirtioRng;
import org.agrona.concurrent.SystemNanoClock;

/** The host's random numbers for the guest. */
public record RngConfig(String id, RateLimit rate) implements DeviceConfig {
    /** Without a limit. */
    public RngConfig(String id) {
        this(id, RateLimit.NONE);
    }

    @Override
    public VirtioDevice open(DeviceStats stats) {
        return new VirtioRng(rate.limiter(id), stats, SystemNanoClock.INSTANCE);
    }
}
