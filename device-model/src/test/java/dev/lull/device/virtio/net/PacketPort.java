package dev.lull.device.virtio.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.PacketPair;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A port whose other side is the test: what the guest sends is received here, and the other way round. */
final class PacketPort implements FramePort {
    private static final int BUFFER_BYTES = 70_000;

    final List<String> requests = new ArrayList<>();
    private final List<PacketPair> pairs = new ArrayList<>();
    private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES);

    PacketPort(int queueCount) {
        for (int i = 0; i < queueCount; i++) {
            pairs.add(new PacketPair());
        }
    }

    /** Gives the guest a frame, with its header. */
    void send(int queue, byte[] frame) {
        MemorySegment.copy(frame, 0, buffer, JAVA_BYTE, 0, frame.length);
        assertThat(pairs.get(queue).far().write(buffer.asSlice(0, frame.length)))
                .isEqualTo(frame.length);
    }

    /** As {@link #send}, of a frame that is a segment; the result of the write. */
    long trySend(MemorySegment frame) {
        return pairs.getFirst().far().write(frame);
    }

    /** The next frame from the guest; null if there is none. */
    byte @Nullable [] receive(int queue) {
        long length = pairs.get(queue).far().read(buffer);
        return length == -Errno.EAGAIN ? null : buffer.asSlice(0, length).toArray(JAVA_BYTE);
    }

    /** Loses all that waits, allocating nothing. */
    void drain() {
        while (pairs.getFirst().far().read(buffer) > 0) {
            buffer.set(JAVA_BYTE, 0, (byte) 0);
        }
    }

    /** The port is gone, as a TAP device that was deleted. */
    void vanish() {
        pairs.forEach(pair -> pair.far().close());
    }

    @Override
    public String name() {
        return "port";
    }

    @Override
    public int queueCount() {
        return pairs.size();
    }

    @Override
    public Fd queue(int index) {
        return pairs.get(index).near();
    }

    @Override
    public int mtuBytes() {
        return 1500;
    }

    @Override
    public void setOffloads(int offloads) {
        requests.add("offloads " + offloads);
    }

    @Override
    public void enableQueue(int index, boolean enabled) {
        requests.add("queue " + index + (enabled ? " on" : " off"));
    }

    @Override
    public void setFilter(byte[] addresses, boolean allMulticast) {
        requests.add("filter " + addresses.length / MacAddress.BYTES + (allMulticast ? " and multicast" : ""));
    }

    @Override
    public void close() {
        pairs.forEach(PacketPair::close);
    }
}
