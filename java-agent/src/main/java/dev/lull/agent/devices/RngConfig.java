package dev.lull.agent.devices;

import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.DeviceSite;
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
    public VirtioDevice open(DeviceSite site) {
        return new VirtioRng(rate.limiter(id), site.stats(), SystemNanoClock.INSTANCE);
    }
}
