package dev.lull.agent.devices;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.DeviceSite;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.net.FrameDetour;
import dev.lull.device.virtio.net.FramePort;
import dev.lull.device.virtio.net.MacAddress;
import dev.lull.device.virtio.net.NetConfig;
import dev.lull.device.virtio.net.VirtioNet;
import dev.lull.linux.Tap;
import dev.lull.linux.TapException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A network device on a TAP device of the host.
 *
 * @param tap the TAP device's name; with {@code create}, a {@code %d} in it becomes the first number that is free
 * @param create whether the TAP device is made, and goes with the guest's device; otherwise it is there
 * @param mac the guest's address; null for one of this device's own
 * @param queueCount pairs of queues, 1 to {@link Tap#MAX_QUEUES}; more than one only if the TAP device was made for it
 * @param mtuBytes the largest packet the guest is told to use: {@link NetConfig#MIN_MTU_BYTES} to {@link
 *     NetConfig#MAX_MTU_BYTES}, {@link #TAP_MTU} or {@link NetConfig#NO_MTU}
 * @param receiveRate the limit of frames to the guest
 * @param transmitRate the limit of frames from the guest
 * @param detour makes what takes frames before the TAP device does; null for nothing
 */
public record TapConfig(
        String id,
        String tap,
        boolean create,
        @Nullable MacAddress mac,
        int queueCount,
        int mtuBytes,
        RateLimit receiveRate,
        RateLimit transmitRate,
        @Nullable Supplier<FrameDetour> detour)
        implements DeviceConfig {
    /** What TAP devices are called that are made for a guest. */
    public static final String CREATED_NAME = "lull%d";

    /** The TAP device's own MTU. */
    public static final int TAP_MTU = -1;

    /** Refuses what no network device has. */
    public TapConfig {
        if (queueCount < 1 || queueCount > Tap.MAX_QUEUES) {
            throw new ConfigException(
                    "network device %s: %d queues; it has 1 to %d".formatted(id, queueCount, Tap.MAX_QUEUES));
        }
        if (mtuBytes != TAP_MTU && !NetConfig.isMtu(mtuBytes)) {
            throw new ConfigException("network device %s: an MTU of %d bytes; it has %d to %d"
                    .formatted(id, mtuBytes, NetConfig.MIN_MTU_BYTES, NetConfig.MAX_MTU_BYTES));
        }
    }

    /** One queue, no limit, an address of its own, the TAP device's MTU, on a TAP device that is there. */
    public TapConfig(String id, String tap) {
        this(id, tap, false, null, 1, TAP_MTU, RateLimit.NONE, RateLimit.NONE, null);
    }

    /** As the other, on a TAP device that is made for it. */
    public static TapConfig creating(String id, String tap) {
        return new TapConfig(id, tap, true, null, 1, TAP_MTU, RateLimit.NONE, RateLimit.NONE, null);
    }

    @Override
    public List<String> claims() {
        String port = "TAP device " + tap;
        if (mac == null) {
            return create ? List.of() : List.of(port);
        }
        return create ? List.of("MAC " + mac) : List.of(port, "MAC " + mac);
    }

    @Override
    public VirtioDevice open(DeviceSite site) {
        MacAddress address = mac == null ? MacAddress.random(new SplittableRandom()) : mac;
        Tap port = port();
        try {
            return new VirtioNet(
                    new NetConfig(address, false, mtuBytes == TAP_MTU ? port.mtuBytes() : mtuBytes),
                    FramePort.of(port),
                    receiveRate.limiter(id + " receive"),
                    transmitRate.limiter(id + " transmit"),
                    site.stats(),
                    detour == null ? null : detour.get());
        } catch (RuntimeException e) {
            port.close();
            throw e;
        }
    }

    private Tap port() {
        try {
            return create ? Tap.create(tap, queueCount) : Tap.open(tap, queueCount);
        } catch (TapException e) {
            throw new ConfigException(String.valueOf(e.getMessage()));
        }
    }
}
