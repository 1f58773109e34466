package dev.lull.agent.idle;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Files that tasks work with.
 *
 * @param base an image whose pages are looked for, if any
 * @param copy where the guest's memory is copied to, if it is
 */
public record TaskFiles(@Nullable Path base, @Nullable Path copy) {}
