package dev.lull.device.virtio.vsock;

import dev.lull.linux.UnixSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * What a socket device is to be.
 *
 * @param cid the guest's context id, {@link #MIN_CID} to {@link #MAX_CID}
 * @param path of the Unix socket programs of the host connect to; a guest's connection to port P goes to the socket
 *     {@code path_P}
 */
public record VsockConfig(long cid, Path path) {
    /** The first context id that is not reserved (virtio 1.2 §5.10.4). */
    public static final long MIN_CID = 3;

    /** The last context id; the next means any. */
    public static final long MAX_CID = 0xffff_fffeL;

    /** An underscore and a port in ten digits. */
    private static final int PORT_SUFFIX_BYTES = 11;

    /** @throws IllegalArgumentException in one clear line */
    public VsockConfig {
        if (cid < MIN_CID || cid > MAX_CID) {
            throw new IllegalArgumentException(
                    "vsock cid " + cid + " is not a guest's, which is " + MIN_CID + " to " + MAX_CID);
        }
        int limit = UnixSocket.MAX_PATH_BYTES - PORT_SUFFIX_BYTES;
        if (path.toString().getBytes(StandardCharsets.UTF_8).length > limit) {
            throw new IllegalArgumentException("vsock path " + path + " is longer than " + limit + " bytes");
        }
    }
}
