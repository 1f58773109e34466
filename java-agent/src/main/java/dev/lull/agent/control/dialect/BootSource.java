package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a machine boots.
 *
 * @param bootArgs the kernel's command line; null for the one Firecracker gives
 */
public record BootSource(
        Path kernelImagePath,
        @Nullable Path initrdPath,
        @Nullable String bootArgs) {
    static BootSource of(JsonObject body) {
        String kernel = body.string("kernel_image_path");
        String initrd = body.optionalString("initrd_path");
        BootSource source = new BootSource(
                Bodies.path(kernel), initrd == null ? null : Bodies.path(initrd), body.optionalString("boot_args"));
        body.end();
        return source;
    }

    Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .with("kernel_image_path", kernelImagePath)
                .withNullable("initrd_path", initrdPath)
                .withNullable("boot_args", bootArgs)
                .toMap();
    }
}
