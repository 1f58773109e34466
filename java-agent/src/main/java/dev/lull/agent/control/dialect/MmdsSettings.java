package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The metadata service.
 *
 * @param version {@code V1} or {@code V2}
 * @param networkInterfaces on which it answers
 * @param ipv4Address under which it answers
 */
public record MmdsSettings(String version, List<String> networkInterfaces, String ipv4Address, boolean imdsCompat) {
    private static final List<String> VERSIONS = List.of("V1", "V2");
    private static final String DEFAULT_ADDRESS = "169.254.169.254";

    static MmdsSettings of(JsonObject body) {
        String address = body.optionalString("ipv4_address");
        MmdsSettings settings = new MmdsSettings(
                body.choice("version", VERSIONS, "V1"),
                body.strings("network_interfaces"),
                address == null ? DEFAULT_ADDRESS : address,
                body.truth("imds_compat", false));
        body.end();
        return settings;
    }

    Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .with("version", version)
                .with("network_interfaces", networkInterfaces)
                .with("ipv4_address", ipv4Address)
                .with("imds_compat", imdsCompat)
                .toMap();
    }
}
