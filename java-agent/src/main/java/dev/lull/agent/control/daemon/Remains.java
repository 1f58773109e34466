package dev.lull.agent.control.daemon;

import dev.lull.agent.control.dialect.Command;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.control.dialect.VmDocument;
import dev.lull.agent.control.vm.VmEnding;
import dev.lull.agent.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is left of a machine whose daemon was killed. Most went with the process: memory, locks of disks, TAP devices made
 * for the guest. What stays are files: its directory, and its vsock sockets.
 *
 * @param configuration as commands, which need not be possible any more
 */
record Remains(
        String id,
        UUID uuid,
        boolean wasRunning,
        List<Command> configuration,
        @Nullable VmEnding ending) {
    /** What {@code directory} tells; null if nothing. */
    static @Nullable Remains of(Path directory) {
        Map<?, ?> state = new VmDirectory(directory).load();
        if (state == null
                || !(state.get("id") instanceof String id)
                || !id.equals(String.valueOf(directory.getFileName()))
                || !(state.get("uuid") instanceof String uuid)) {
            return null;
        }
        try {
            boolean ran = !"Not started".equals(state.get("state"));
            VmEnding ending = ran
                    ? new VmEnding(VmEnding.LOST, "lulld was killed while it ran", Instant.now())
                    : VmEnding.of(state.get("last_end"));
            return new Remains(
                    id, UUID.fromString(uuid), ran, VmDocument.parse(Json.bytes(state.get("config"))), ending);
        } catch (IllegalArgumentException | DateTimeParseException | RefusalException e) {
            return null;
        }
    }

    /** Removes what the machine had besides its directory: the sockets of its vsock device, if nobody listens there. */
    void cleanUp() throws IOException {
        for (Command command : configuration) {
            if (wasRunning && command instanceof Command.SetVsock set) {
                Path socket = set.vsock().udsPath();
                if (isSocket(socket)) {
                    Files.deleteIfExists(socket);
                }
            }
        }
    }

    private static boolean isSocket(Path path) throws IOException {
        return Files.exists(path)
                && Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes.class)
                        .isOther();
    }
}
