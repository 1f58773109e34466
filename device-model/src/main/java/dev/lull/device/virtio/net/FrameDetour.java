package dev.lull.device.virtio.net;

import java.nio.ByteBuffer;

/**
 * A station of the guest's network that is in the monitor, not behind the port: it takes frames the guest sends before the
 * port sees them, and has frames for the guest. One device uses it at a time, on its loop.
 *
 * <p>Frames begin with the Ethernet header, at index 0 of a big-endian buffer, and end at its limit. They are copies, so
 * the guest cannot change what was judged.
 */
public interface FrameDetour {
    /** As much of a frame as {@link #wants} may look at: an Ethernet header and an ARP packet for IPv4. */
    int HEAD_BYTES = 42;

    /** The longest frame that is taken or given; of a longer one from the guest only so much is taken. */
    int MAX_FRAME_BYTES = 4096;

    /** What {@link #timeoutNanos} says if there is nothing to wait for. */
    long NEVER = Long.MAX_VALUE;

    /**
     * Whether a frame from the guest is for this station; otherwise it goes to the port.
     *
     * @param head the first {@value #HEAD_BYTES} bytes of the frame, or all of a shorter one
     */
    boolean wants(ByteBuffer head);

    /**
     * Takes a frame that was wanted.
     *
     * @param checksumMissing whether the guest has left the transport's checksum to whoever sends the frame on
     *     (VIRTIO_NET_HDR_F_NEEDS_CSUM); what is there in its place says nothing
     */
    void take(ByteBuffer frame, boolean checksumMissing);

    /** Whether {@link #nextFrame} is worth a try. Asked for each frame of the port, too. */
    boolean hasFrame();

    /**
     * Writes the next frame for the guest, its checksums complete, to the start of {@code target}.
     *
     * @param target {@value #MAX_FRAME_BYTES} bytes
     * @return the frame's length in bytes; 0 if there is none
     */
    int nextFrame(ByteBuffer target);

    /** In how many nanoseconds {@link #timeout} is to be called, at the latest; {@link #NEVER} if it need not be. */
    long timeoutNanos();

    /** Time has passed: there may be frames for the guest. */
    void timeout();

    /** The guest has reset its device, and forgotten whom it talked to. */
    void reset();
}
