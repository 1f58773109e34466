package dev.lull.device.virtio.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.TimerFd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** A {@link FrameDetour} as a device's queues use it: with copies of frames, and its time. */
final class DetourPath implements AutoCloseable {
    /** VIRTIO_NET_HDR_F_NEEDS_CSUM, in the first byte of a header (virtio 1.2 §5.1.6). */
    private static final int NEEDS_CSUM = 1;

    private final FrameDetour detour;
    private final TimerFd timer = new TimerFd("detour");
    private final MemorySegment flags = Arena.ofAuto().allocate(1);
    private final ByteBuffer taken = ByteBuffer.allocate(FrameDetour.MAX_FRAME_BYTES);
    private final MemorySegment takenBytes = MemorySegment.ofBuffer(taken);

    /** A header that says nothing, and the frame behind it. */
    private final ByteBuffer given = ByteBuffer.allocate(NetQueue.HEADER_BYTES + FrameDetour.MAX_FRAME_BYTES);

    private final ByteBuffer givenFrame = given.slice(NetQueue.HEADER_BYTES, FrameDetour.MAX_FRAME_BYTES);
    private final MemorySegment givenBytes = MemorySegment.ofBuffer(given);
    private boolean timerRuns;

    DetourPath(FrameDetour detour) {
        this.detour = detour;
    }

    /** @param resume called when there may be frames for the guest, as time has passed */
    void begin(VirtioContext context, Runnable resume) {
        context.watch(timer.fd(), LinuxConstants.EPOLLIN, mask -> {
            if (timer.drain()) {
                timerRuns = false;
                detour.timeout();
                resume.run();
            }
        });
    }

    /** The device is reset. */
    void end() {
        timer.disarm();
        timerRuns = false;
        detour.reset();
    }

    /** Takes a frame of the guest, header first, unless it is for the port. */
    boolean takes(DescriptorChain chain) {
        int head = chain.copyOut(NetQueue.HEADER_BYTES, takenBytes, 0, FrameDetour.HEAD_BYTES);
        if (!detour.wants(taken.limit(head))) {
            return false;
        }
        int rest = chain.copyOut(NetQueue.HEADER_BYTES + head, takenBytes, head, FrameDetour.MAX_FRAME_BYTES - head);
        chain.copyOut(0, flags, 0, 1);
        detour.take(taken.limit(head + rest), (flags.get(JAVA_BYTE, 0) & NEEDS_CSUM) != 0);
        return true;
    }

    boolean hasFrame() {
        return detour.hasFrame();
    }

    /** Readies the next frame for the guest; its length with the header, 0 if there is none. */
    int next() {
        int length = detour.nextFrame(givenFrame.clear());
        return length == 0 ? 0 : NetQueue.HEADER_BYTES + length;
    }

    /** The frame that {@link #next} has readied, from its header on. */
    MemorySegment frame() {
        return givenBytes;
    }

    /** Sees to it that the detour gets its time. One that runs already may go off early, which does no harm. */
    void keepTime() {
        if (timerRuns) {
            return;
        }
        long waitNanos = detour.timeoutNanos();
        if (waitNanos != FrameDetour.NEVER) {
            timerRuns = true;
            timer.arm(Math.max(waitNanos, 1));
        }
    }

    @Override
    public void close() {
        timer.close();
    }
}
