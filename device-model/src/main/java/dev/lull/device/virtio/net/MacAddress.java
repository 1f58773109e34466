package dev.lull.device.virtio.net;

import java.util.HexFormat;
import java.util.random.RandomGenerator;

/**
 * An Ethernet address of one station.
 *
 * @param bits its 48 bits, the first byte on the wire the most significant
 */
public record MacAddress(long bits) {
    /** The length of an address on the wire, in bytes. */
    public static final int BYTES = 6;

    private static final long GROUP = 1L << 40;
    private static final long LOCAL = 1L << 41;
    private static final long MASK = (1L << 48) - 1;

    /** @throws IllegalArgumentException if it is no address of a single station */
    public MacAddress {
        if (!isStation(bits)) {
            throw new IllegalArgumentException("not the MAC address of one station: 0x" + Long.toHexString(bits));
        }
    }

    /** Whether {@code bits} are the address of one station, not of a group, and not zero. */
    static boolean isStation(long bits) {
        return (bits & ~MASK) == 0 && bits != 0 && (bits & GROUP) == 0;
    }

    /**
     * Reads {@code 02:00:00:00:00:01}.
     *
     * @throws IllegalArgumentException in one clear line
     */
    public static MacAddress parse(String text) {
        if (!text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no MAC address, which is written like 02:00:00:00:00:01");
        }
        long bits = HexFormat.fromHexDigitsToLong(text.replace(":", ""));
        if (!isStation(bits)) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not the MAC address of one station; its first byte must be even");
        }
        return new MacAddress(bits);
    }

    /** An address nobody was assigned, marked as locally administered. */
    public static MacAddress random(RandomGenerator random) {
        return new MacAddress((random.nextLong() & MASK & ~GROUP) | LOCAL);
    }

    /** Byte {@code index} on the wire, 0 to 5. */
    public byte byteAt(int index) {
        return (byte) (bits >>> (8 * (BYTES - 1 - index)));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < BYTES; i++) {
            text.append(i == 0 ? "" : ":").append(HexFormat.of().toHexDigits(byteAt(i)));
        }
        return text.toString();
    }
}
