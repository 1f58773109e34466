package dev.lull.agent.devices;

import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.DeviceSite;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.console.VirtioConsole;
import org.agrona.concurrent.SystemNanoClock;

/**
 * A console, {@code hvc0} in Linux. What the guest is to read goes to the device itself, see {@link
 * dev.lull.agent.machine.Machine#device}.
 *
 * @param output takes what the guest writes
 */
public record ConsoleConfig(String id, VirtioConsole.Output output) implements DeviceConfig {
    @Override
    public VirtioDevice open(DeviceSite site) {
        return new VirtioConsole(output, site.stats(), SystemNanoClock.INSTANCE);
    }
}
