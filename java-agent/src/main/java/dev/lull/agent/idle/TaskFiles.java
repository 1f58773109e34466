package dev.lull.agent.idle;

import dev.lull.agent.machine.ConfigException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Files that tasks work with.
 *
 * @param base an image whose pages are looked for, if any
 * @param copy where the guest's memory is copied to, if it is
 */
public record TaskFiles(@Nullable Path base, @Nullable Path copy) {
    /**
     * Of what the API was given.
     *
     * @param member its strings by their names, null for what was not given; a name that is not asked for is none of a task's
     * @throws ConfigException if one is not what it should be
     */
    public static TaskFiles of(Function<String, @Nullable String> member) {
        return new TaskFiles(path("base_path", member), null);
    }

    private static @Nullable Path path(String name, Function<String, @Nullable String> member) {
        String text = member.apply(name);
        try {
            return text == null ? null : Path.of(text);
        } catch (InvalidPathException e) {
            throw new ConfigException(name + ": not a path: " + e.getReason());
        }
    }
}
