package dev.lull.agent.machine;

import dev.lull.device.virtio.VirtioDevice;
import java.util.List;

/** A device a {@link Machine} is to have. Whoever implements this adds a kind of device; the machine knows none by name. */
public interface DeviceConfig {
    /** The device's name in its machine, for messages, counters and {@link Machine#detach}. */
    String id();

    /** What else but the id no two devices of a machine may share, as a user calls it: {@code MAC 52:54:00:12:34:56}. */
    default List<String> claims() {
        return List.of();
    }

    /**
     * Makes the device, with all it stands on open.
     *
     * @throws ConfigException if it cannot be had
     */
    VirtioDevice open(DeviceSite site);
}
