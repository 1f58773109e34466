package dev.lull.agent.devices;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.DeviceSite;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.vsock.VirtioVsock;
import dev.lull.device.virtio.vsock.VsockConfig;
import dev.lull.device.virtio.vsock.VsockException;
import java.nio.file.Path;
import java.util.List;

/**
 * Sockets between the guest and programs of the host, through Unix sockets of the host; see {@link VirtioVsock}.
 *
 * @param cid the guest's context id, as {@link VsockConfig} takes it
 * @param path the Unix socket on which programs connect to the guest
 */
public record SocketConfig(String id, long cid, Path path) implements DeviceConfig {
    /** Refuses what is no guest's context id. */
    public SocketConfig {
        config(cid, path);
    }

    @Override
    public List<String> claims() {
        return List.of("the vsock device", "socket " + path);
    }

    @Override
    public VirtioDevice open(DeviceSite site) {
        try {
            return new VirtioVsock(config(cid, path), site.stats());
        } catch (VsockException e) {
            throw new ConfigException(String.valueOf(e.getMessage()));
        }
    }

    private static VsockConfig config(long cid, Path path) {
        try {
            return new VsockConfig(cid, path);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(String.valueOf(e.getMessage()));
        }
    }
}
