package dev.lull.agent.control.vm;

import dev.lull.agent.control.dialect.Balloon;
import dev.lull.agent.control.dialect.Drive;
import dev.lull.agent.control.dialect.Entropy;
import dev.lull.agent.control.dialect.NetworkInterface;
import dev.lull.agent.control.dialect.RateLimiterBody;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.control.dialect.TokenBucketBody;
import dev.lull.agent.control.dialect.Vsock;
import dev.lull.agent.devices.BalloonConfig;
import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import dev.lull.agent.devices.RngConfig;
import dev.lull.agent.devices.SocketConfig;
import dev.lull.agent.devices.TapConfig;
import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.mmds.Mmds;
import dev.lull.device.virtio.net.NetConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How what is configured becomes devices. */
final class DeviceConfigs {
    private DeviceConfigs() {}

    /** All devices, in the order of their slots. */
    static List<DeviceConfig> all(VmSettings settings, Mmds mmds) {
        List<DeviceConfig> devices = new ArrayList<>();
        settings.drives().forEach(drive -> devices.add(of(drive)));
        settings.networkInterfaces().forEach(net -> devices.add(of(net, mmds)));
        if (settings.vsock() != null) {
            devices.add(of(settings.vsock()));
        }
        if (settings.balloon() != null) {
            devices.add(of(settings.balloon()));
        }
        if (settings.entropy() != null) {
            devices.add(of(settings.entropy()));
        }
        return devices;
    }

    static DiskConfig of(Drive drive) {
        if (drive.pathOnHost() == null) {
            throw new RefusalException("Drive config error: a drive needs path_on_host");
        }
        return new DiskConfig(
                DeviceIds.drive(drive.driveId()),
                drive.pathOnHost(),
                DiskConfig.serialOf(drive.driveId()),
                drive.isReadOnly(),
                false,
                1,
                limit(drive.rateLimiter()));
    }

    static TapConfig of(NetworkInterface net, Mmds mmds) {
        return new TapConfig(
                DeviceIds.net(net.ifaceId()),
                net.hostDevName(),
                false,
                net.guestMac(),
                1,
                net.mtu() == null ? NetConfig.NO_MTU : net.mtu(),
                limit(net.rxRateLimiter()),
                limit(net.txRateLimiter()),
                mmds.detourFor(net.ifaceId()));
    }

    /** The change an update makes; of what it does not mention, none. */
    static RateLimit.Change change(RateLimiterBody update) {
        return new RateLimit.Change(bucket(update.bandwidth()), bucket(update.operations()));
    }

    private static SocketConfig of(Vsock vsock) {
        return new SocketConfig(DeviceIds.VSOCK, vsock.guestCid(), vsock.udsPath());
    }

    private static BalloonConfig of(Balloon balloon) {
        return new BalloonConfig(
                DeviceIds.BALLOON,
                balloon.amountMib() << 20,
                balloon.deflateOnOom(),
                balloon.statsPollingIntervalSeconds() == 0
                        ? null
                        : Duration.ofSeconds(balloon.statsPollingIntervalSeconds()),
                balloon.freePageHinting(),
                balloon.freePageReporting());
    }

    private static RngConfig of(Entropy entropy) {
        return new RngConfig(DeviceIds.ENTROPY, limit(entropy.rateLimiter()));
    }

    private static RateLimit limit(@Nullable RateLimiterBody body) {
        return body == null ? RateLimit.NONE : change(body).applyTo(RateLimit.NONE);
    }

    private static RateLimit.@Nullable Bucket bucket(@Nullable TokenBucketBody body) {
        if (body == null) {
            return null;
        }
        long burst = body.oneTimeBurst() == null ? 0 : body.oneTimeBurst();
        return new RateLimit.Bucket(body.size(), burst, body.refillTimeMillis());
    }
}
