package dev.lull.agent.cli.vm;

import dev.lull.agent.devices.BalloonConfig;
import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import dev.lull.agent.devices.RngConfig;
import dev.lull.agent.devices.SocketConfig;
import dev.lull.agent.devices.TapConfig;
import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.machine.DeviceConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Devices in Firecracker's form. Paths become absolute: lulld is in another directory.
 *
 * <p>Each method throws an {@link IllegalArgumentException} with a message for the user where that form cannot say what was
 * asked for.
 */
final class DeviceJson {
    private static final long MIB = 1 << 20;

    private DeviceJson() {}

    static Map<String, @Nullable Object> drive(DiskConfig disk) {
        refuseIf(disk.queueCount() != 1, "--disk: queues=");
        refuseIf(disk.direct(), "--disk: direct");
        refuseIf(!disk.serial().equals(DiskConfig.serialOf(disk.id())), "--disk: serial=");
        return new JsonMembers()
                .with("drive_id", disk.id())
                .with("path_on_host", absolute(disk.path()))
                .with("is_root_device", false)
                .with("is_read_only", disk.readOnly())
                .withSome("rate_limiter", limiter(disk.rate()))
                .toMap();
    }

    static Map<String, @Nullable Object> networkInterface(TapConfig net) {
        refuseIf(net.create(), "--net: user-tap");
        refuseIf(net.queueCount() != 1, "--net: queues=");
        return new JsonMembers()
                .with("iface_id", net.id())
                .with("host_dev_name", net.tap())
                .with("guest_mac", net.mac())
                .withSome("rx_rate_limiter", limiter(net.receiveRate()))
                .withSome("tx_rate_limiter", limiter(net.transmitRate()))
                .toMap();
    }

    static Map<String, @Nullable Object> vsock(SocketConfig sockets) {
        return new JsonMembers()
                .with("guest_cid", sockets.cid())
                .with("uds_path", absolute(sockets.path()))
                .toMap();
    }

    static Map<String, @Nullable Object> entropy(RngConfig rng) {
        return new JsonMembers().withSome("rate_limiter", limiter(rng.rate())).toMap();
    }

    static Map<String, @Nullable Object> balloon(BalloonConfig balloon) {
        if (balloon.targetBytes() % MIB != 0) {
            throw new IllegalArgumentException("--balloon: " + balloon.targetBytes() + " bytes; give whole MiB");
        }
        return new JsonMembers()
                .with("amount_mib", balloon.targetBytes() / MIB)
                .with("deflate_on_oom", balloon.deflateOnOom())
                .with("free_page_reporting", balloon.freePageReporting())
                .toMap();
    }

    /** Adds {@code devices} to a configuration. */
    static void putAll(Map<String, @Nullable Object> config, Iterable<DeviceConfig> devices) {
        List<Object> drives = new ArrayList<>();
        List<Object> networkInterfaces = new ArrayList<>();
        for (DeviceConfig device : devices) {
            switch (device) {
                case DiskConfig disk -> drives.add(drive(disk));
                case TapConfig net -> networkInterfaces.add(networkInterface(net));
                case SocketConfig sockets -> config.put("vsock", vsock(sockets));
                case RngConfig rng -> config.put("entropy", entropy(rng));
                case BalloonConfig balloon -> config.put("balloon", balloon(balloon));
                default -> throw new IllegalArgumentException(device.id() + ": lulld knows no such device");
            }
        }
        config.put("drives", drives);
        config.put("network-interfaces", networkInterfaces);
    }

    static String absolute(Path path) {
        return path.toAbsolutePath().toString();
    }

    private static Map<String, @Nullable Object> limiter(RateLimit rate) {
        return new JsonMembers()
                .withSome("bandwidth", bucket(rate.bandwidth()))
                .withSome("ops", bucket(rate.operations()))
                .toMap();
    }

    private static Map<String, @Nullable Object> bucket(RateLimit.Bucket bucket) {
        return bucket.isUnlimited()
                ? Map.of()
                : new JsonMembers()
                        .with("size", bucket.size())
                        .with("one_time_burst", bucket.oneTimeBurst())
                        .with("refill_time", bucket.refillMillis())
                        .toMap();
    }

    private static void refuseIf(boolean given, String what) {
        if (given) {
            throw new IllegalArgumentException(what + " is for lull run only; leave it out");
        }
    }
}
