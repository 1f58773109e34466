package dev.lull.agent.mmds;

import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonFormatException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a machine's owner tells its guest: one JSON value, which only the owner changes. Any thread may use it; a guest that
 * reads sees one state whole.
 */
public final class MmdsStore {
    /** The largest content unless the owner chose another limit, as compact JSON, in bytes. */
    public static final int DEFAULT_LIMIT_BYTES = 51_200;

    private static final byte[] NOTHING = "{}".getBytes(StandardCharsets.US_ASCII);

    private final int limitBytes;
    private volatile @Nullable Object content;
    private boolean initialized;

    /**
     * An empty store.
     *
     * @param limitBytes of its content as compact JSON
     */
    public MmdsStore(int limitBytes) {
        this.limitBytes = limitBytes;
    }

    /**
     * Stores {@code json} in place of what was there.
     *
     * @param json any JSON value, in UTF-8
     * @throws JsonFormatException if it is none; nothing is changed then
     * @throws MmdsException if the limit is exceeded; nothing is changed then
     */
    public void put(byte[] json) {
        Object tree = MetadataTree.of(Json.parse(json));
        synchronized (this) {
            replace(tree);
            initialized = true;
        }
    }

    /**
     * Changes the content by a merge patch (RFC 7396).
     *
     * @param json the patch, in UTF-8
     * @throws JsonFormatException if it is no JSON; nothing is changed then
     * @throws MmdsException if nothing was ever stored, or the limit is exceeded; nothing is changed then
     */
    public void patch(byte[] json) {
        Object patch = Json.parse(json);
        synchronized (this) {
            if (!initialized) {
                throw new MmdsException(
                        MmdsException.Reason.NOT_INITIALIZED, "The MMDS data store is not initialized.");
            }
            replace(MetadataTree.merge(content, patch));
        }
    }

    /** The content as compact JSON in UTF-8, members sorted by name; <code>{}</code> if it is null or nothing was stored. */
    public byte[] get() {
        Object now = content;
        return now == null ? NOTHING.clone() : Json.bytes(now);
    }

    /** The content, a {@link MetadataTree}; null as JSON knows it if nothing was stored. */
    @Nullable
    Object content() {
        return content;
    }

    private void replace(@Nullable Object newContent) {
        if (Json.bytes(newContent).length > limitBytes) {
            throw new MmdsException(MmdsException.Reason.LIMIT_EXCEEDED, "The MMDS patch request doesn't fit.");
        }
        content = newContent;
    }
}
