package dev.lull.device.virtio.net;

/**
 * What a network device is to be.
 *
 * @param mac the guest's address, until the guest chooses another
 * @param standby whether the guest is to use the device only while a faster one with the same address is away
 *     (VIRTIO_NET_F_STANDBY)
 * @param mtuBytes the largest packet the guest is told to use (VIRTIO_NET_F_MTU), {@link #MIN_MTU_BYTES} to {@link
 *     #MAX_MTU_BYTES}; {@link #NO_MTU} to tell it none
 */
public record NetConfig(MacAddress mac, boolean standby, int mtuBytes) {
    /** The guest uses what it is used to. */
    public static final int NO_MTU = 0;

    /** The least an IPv4 host must be able to forward (virtio 1.2 §5.1.4.1). */
    public static final int MIN_MTU_BYTES = 68;

    /** What 16 bits hold. */
    public static final int MAX_MTU_BYTES = 65535;

    /** @throws IllegalArgumentException if it is no MTU */
    public NetConfig {
        if (!isMtu(mtuBytes)) {
            throw new IllegalArgumentException(
                    "an MTU of %d bytes; there are %d to %d".formatted(mtuBytes, MIN_MTU_BYTES, MAX_MTU_BYTES));
        }
    }

    /** Whether {@code bytes} may be given as {@link #mtuBytes}. */
    public static boolean isMtu(int bytes) {
        return bytes == NO_MTU || (bytes >= MIN_MTU_BYTES && bytes <= MAX_MTU_BYTES);
    }
}
