package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonFormatException;
import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import dev.lull.device.virtio.net.MacAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A network device.
 *
 * @param hostDevName the TAP device's name
 * @param mtu told to the guest, in bytes; null to say nothing
 * @param rxRateLimiter of what the guest receives
 * @param txRateLimiter of what it sends
 */
public record NetworkInterface(
        String ifaceId,
        String hostDevName,
        @Nullable MacAddress guestMac,
        @Nullable Integer mtu,
        @Nullable RateLimiterBody rxRateLimiter,
        @Nullable RateLimiterBody txRateLimiter) {
    private static final int MIN_MTU = 68;
    private static final int MAX_MTU = 65_535;

    static NetworkInterface of(JsonObject body) {
        Long mtu = body.optionalInteger("mtu", MIN_MTU, MAX_MTU);
        NetworkInterface net = new NetworkInterface(
                body.string("iface_id"),
                body.string("host_dev_name"),
                mac(body.optionalString("guest_mac")),
                mtu == null ? null : mtu.intValue(),
                RateLimiterBody.of(body.optionalObject("rx_rate_limiter")),
                RateLimiterBody.of(body.optionalObject("tx_rate_limiter")));
        body.end();
        return net;
    }

    /** This, updated. */
    public NetworkInterface updated(Update update) {
        return new NetworkInterface(
                ifaceId,
                hostDevName,
                guestMac,
                mtu,
                RateLimiterBody.updated(rxRateLimiter, update.rxRateLimiter),
                RateLimiterBody.updated(txRateLimiter, update.txRateLimiter));
    }

    Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .with("iface_id", ifaceId)
                .with("host_dev_name", hostDevName)
                .withNullable("guest_mac", guestMac)
                .withNullable("mtu", mtu)
                .withNullable("rx_rate_limiter", RateLimiterBody.json(rxRateLimiter))
                .withNullable("tx_rate_limiter", RateLimiterBody.json(txRateLimiter))
                .toMap();
    }

    private static @Nullable MacAddress mac(@Nullable String text) {
        try {
            return text == null ? null : MacAddress.parse(text);
        } catch (IllegalArgumentException e) {
            throw new JsonFormatException("guest_mac: " + e.getMessage());
        }
    }

    /** What is to be changed of a network device while its machine runs; what is null stays. */
    public record Update(
            String ifaceId,
            @Nullable RateLimiterBody rxRateLimiter,
            @Nullable RateLimiterBody txRateLimiter) {
        static Update of(JsonObject body) {
            Update update = new Update(
                    body.string("iface_id"),
                    RateLimiterBody.of(body.optionalObject("rx_rate_limiter")),
                    RateLimiterBody.of(body.optionalObject("tx_rate_limiter")));
            body.end();
            return update;
        }
    }
}
