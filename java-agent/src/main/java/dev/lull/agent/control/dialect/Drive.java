package dev.lull.agent.control.dialect;

import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A disk.
 *
 * @param partuuid of the partition to boot from, of a root device
 * @param isRootDevice whether the kernel is told to boot from it
 * @param isReadOnly whether the guest may only read it
 * @param cacheType {@code Unsafe} or {@code Writeback}; what a guest flushes is on the disk either way
 * @param ioEngine {@code Sync} or {@code Async}; Lull chooses by itself
 * @param socket of a vhost-user backend
 */
public record Drive(
        String driveId,
        @Nullable String partuuid,
        boolean isRootDevice,
        String cacheType,
        boolean isReadOnly,
        @Nullable Path pathOnHost,
        @Nullable RateLimiterBody rateLimiter,
        String ioEngine,
        @Nullable Path socket) {
    private static final List<String> CACHE_TYPES = List.of("Unsafe", "Writeback");
    private static final List<String> ENGINES = List.of("Sync", "Async");

    static Drive of(JsonObject body) {
        String path = body.optionalString("path_on_host");
        Boolean readOnly = body.optionalTruth("is_read_only");
        String engine = body.optionalChoice("io_engine", ENGINES);
        String socket = body.optionalString("socket");
        Drive drive = new Drive(
                body.string("drive_id"),
                body.optionalString("partuuid"),
                body.truth("is_root_device"),
                body.choice("cache_type", CACHE_TYPES, "Unsafe"),
                readOnly != null && readOnly,
                path == null ? null : Bodies.path(path),
                RateLimiterBody.of(body.optionalObject("rate_limiter")),
                engine == null ? "Sync" : engine,
                socket == null ? null : Bodies.path(socket));
        body.end();
        return drive;
    }

    /** This, updated. */
    public Drive updated(Update update) {
        return new Drive(
                driveId,
                partuuid,
                isRootDevice,
                cacheType,
                isReadOnly,
                update.pathOnHost == null ? pathOnHost : update.pathOnHost,
                RateLimiterBody.updated(rateLimiter, update.rateLimiter),
                ioEngine,
                socket);
    }

    Map<String, @Nullable Object> toJson() {
        return new JsonMembers()
                .with("drive_id", driveId)
                .withNullable("partuuid", partuuid)
                .with("is_root_device", isRootDevice)
                .with("cache_type", cacheType)
                .with("is_read_only", isReadOnly)
                .withNullable("path_on_host", pathOnHost)
                .withNullable("rate_limiter", RateLimiterBody.json(rateLimiter))
                .with("io_engine", ioEngine)
                .withNullable("socket", socket)
                .toMap();
    }

    /** What is to be changed of a disk while its machine runs; what is null stays. */
    public record Update(
            String driveId,
            @Nullable Path pathOnHost,
            @Nullable RateLimiterBody rateLimiter) {
        static Update of(JsonObject body) {
            String path = body.optionalString("path_on_host");
            Update update = new Update(
                    body.string("drive_id"),
                    path == null ? null : Bodies.path(path),
                    RateLimiterBody.of(body.optionalObject("rate_limiter")));
            body.end();
            return update;
        }

        /** Whether nothing is. */
        public boolean isEmpty() {
            return pathOnHost == null && rateLimiter == null;
        }
    }
}
