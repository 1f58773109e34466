package dev.lull.device.virtio.net;

import java.nio.ByteBuffer;

/** Takes the frames that begin with {@link #MARK}, and gives the last one back. */
final class EchoDetour implements FrameDetour {
    static final byte MARK = 0x2a;

    private final ByteBuffer last = ByteBuffer.allocate(MAX_FRAME_BYTES);
    private int echoes;

    /** The most bytes of a head that were shown. */
    int longestHead;

    int taken;
    int takenBytes;
    boolean checksumMissing;
    int resets;

    /** How long an echo takes; 0 for none. */
    long delayNanos;

    private boolean waits;

    @Override
    public boolean wants(ByteBuffer head) {
        longestHead = Math.max(longestHead, head.limit());
        return head.limit() > 0 && head.get(0) == MARK;
    }

    @Override
    public void take(ByteBuffer frame, boolean missing) {
        taken++;
        takenBytes = frame.limit();
        checksumMissing = missing;
        last.clear().put(0, frame, 0, frame.limit()).limit(frame.limit());
        waits = delayNanos > 0;
        echoes = waits ? 0 : 1;
    }

    @Override
    public boolean hasFrame() {
        return echoes > 0;
    }

    @Override
    public int nextFrame(ByteBuffer target) {
        echoes--;
        target.put(0, last, 0, last.limit());
        return last.limit();
    }

    @Override
    public long timeoutNanos() {
        return waits ? delayNanos : NEVER;
    }

    @Override
    public void timeout() {
        waits = false;
        echoes = 1;
    }

    @Override
    public void reset() {
        resets++;
        echoes = 0;
        waits = false;
    }
}
