package dev.lull.agent.mmds;

import dev.lull.agent.machine.ConfigException;
import java.util.List;

/**
 * How a guest reaches its metadata.
 *
 * @param networkInterfaces the ids of the network devices on which the service answers; at least one
 * @param ipv4Address where it answers: {@code 169.254.x.y} with x from 1 to 254 (RFC 3927)
 * @param imdsCompat whether answers are plain text whatever the guest says it accepts, as EC2's are
 */
public record MmdsConfig(MmdsVersion version, List<String> networkInterfaces, String ipv4Address, boolean imdsCompat) {
    /** Where the service answers unless its owner chose another address. */
    public static final String DEFAULT_IPV4_ADDRESS = "169.254.169.254";

    private static final String OCTET = "(?:0|[1-9][0-9]{0,2})";
    private static final String ADDRESS = OCTET + "(?:\\." + OCTET + "){3}";

    /** @throws ConfigException if there can be no such service */
    public MmdsConfig {
        networkInterfaces = List.copyOf(networkInterfaces);
        int address = bits(ipv4Address);
        int third = address >>> 8 & 0xff;
        if (address >>> 16 != 0xa9fe || third == 0 || third == 255) {
            throw new ConfigException("The MMDS IPv4 address is not link local.");
        }
        if (networkInterfaces.isEmpty()) {
            throw new ConfigException(
                    "The list of network interface IDs that allow forwarding MMDS requests is empty.");
        }
    }

    /** The default address, and answers in the format the guest accepts. */
    public MmdsConfig(MmdsVersion version, List<String> networkInterfaces) {
        this(version, networkInterfaces, DEFAULT_IPV4_ADDRESS, false);
    }

    /** The address as a number, the first octet the most significant. */
    int addressBits() {
        return bits(ipv4Address);
    }

    private static int bits(String address) {
        if (address.matches(ADDRESS)) {
            int bits = 0;
            boolean fits = true;
            for (String octet : address.split("\\.", -1)) {
                int value = Integer.parseInt(octet);
                fits &= value <= 255;
                bits = bits << 8 | value;
            }
            if (fits) {
                return bits;
            }
        }
        throw new ConfigException(
                "'" + address + "' is no IPv4 address, which is written like " + DEFAULT_IPV4_ADDRESS);
    }
}
