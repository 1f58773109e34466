package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The socket device.
 *
 * @param udsPath the Unix socket on which programs connect to the guest
 * @param named whether the request gave the deprecated {@code vsock_id}
 */
public record Vsock(long guestCid, Path udsPath, boolean named) {
    static Vsock of(JsonObject body) {
        Vsock vsock = new Vsock(
                body.integer("guest_cid", 3, Bodies.MAX_U32),
                Bodies.path(body.string("uds_path")),
                body.optionalString("vsock_id") != null);
        body.end();
        return vsock;
    }

    Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .with("guest_cid", guestCid)
                .with("uds_path", udsPath)
                .toMap();
    }
}
