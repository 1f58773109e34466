package dev.lull.agent.devices;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.DeviceConfig;
import dev.lull.agent.machine.DeviceSite;
import dev.lull.device.backend.DiskException;
import dev.lull.device.backend.DiskImage;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.block.VirtioBlock;
import java.nio.file.Path;
import org.agrona.concurrent.SystemNanoClock;

/**
 * A disk on a raw image: a regular file or a block device.
 *
 * @param serial what the guest reads as its serial number, at most 20 bytes of ASCII
 * @param readOnly whether the guest may only read it; others may then use the image likewise
 * @param direct whether its data bypasses the host's page cache
 * @param queueCount 1 to {@link VirtioBlock#MAX_QUEUES}
 */
public record DiskConfig(
        String id, Path path, String serial, boolean readOnly, boolean direct, int queueCount, RateLimit rate)
        implements DeviceConfig {
    /** The longest serial number, in bytes (virtio 1.2 §5.2.6). */
    public static final int MAX_SERIAL_BYTES = 20;

    /** Refuses what no disk has. */
    public DiskConfig {
        if (queueCount < 1 || queueCount > VirtioBlock.MAX_QUEUES) {
            throw new ConfigException(
                    "disk %s: %d queues; a disk has 1 to %d".formatted(id, queueCount, VirtioBlock.MAX_QUEUES));
        }
        if (!serial.matches("[ -~]{0," + MAX_SERIAL_BYTES + "}")) {
            throw new ConfigException("disk %s: serial number '%s'; it has at most %d characters, of ASCII"
                    .formatted(id, serial, MAX_SERIAL_BYTES));
        }
    }

    /** A writable disk with one queue, without a limit, whose serial number is its id. */
    public DiskConfig(String id, Path path) {
        this(id, path, serialOf(id), false, false, 1, RateLimit.NONE);
    }

    /** The serial number of a disk that was given none. */
    public static String serialOf(String id) {
        return id.substring(0, Math.min(id.length(), MAX_SERIAL_BYTES));
    }

    @Override
    public VirtioDevice open(DeviceSite site) {
        DiskImage image = image();
        try {
            RateLimiter limiter = rate.limiter(id);
            return new VirtioBlock(image, serial, queueCount, limiter, site.stats(), SystemNanoClock.INSTANCE);
        } catch (RuntimeException e) {
            image.close();
            throw e;
        }
    }

    private DiskImage image() {
        try {
            return DiskImage.open(path, readOnly, direct);
        } catch (DiskException e) {
            throw new ConfigException(String.valueOf(e.getMessage()));
        }
    }
}
