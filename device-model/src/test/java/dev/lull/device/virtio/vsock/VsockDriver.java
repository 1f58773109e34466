package dev.lull.device.virtio.vsock;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.TestQueue.Used;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A guest's driver of the socket device: sends and receives packets, in buffers it uses again and again. */
final class VsockDriver {
    static final long CID = 3;
    static final int PAYLOAD_BYTES = 4096;
    static final int SLOTS = 32;
    private static final int PACKET_BYTES = VsockHeader.BYTES + PAYLOAD_BYTES;

    /** A packet as the guest sees it; its payload is the guest's own copy. */
    record Packet(
            int hostPort,
            int guestPort,
            int op,
            int flags,
            int bufferBytes,
            int forwardedBytes,
            MemorySegment content) {
        byte[] payload() {
            return content.toArray(JAVA_BYTE);
        }
    }

    final TestQueue receive;
    final TestQueue transmit;
    final TestQueue events;
    private final TestGuest guest;
    private final long buffers;
    private final int[] slotOfHead = new int[SLOTS];
    private final boolean[] slotBusy = new boolean[SLOTS];
    private int usedSlots;

    VsockDriver(TestGuest guest) {
        this.guest = guest;
        receive = new TestQueue(guest, SLOTS);
        transmit = new TestQueue(guest, SLOTS);
        events = new TestQueue(guest, 4);
        buffers = guest.allocate(2L * SLOTS * PACKET_BYTES, 8);
    }

    /** Makes a buffer for one more packet available. */
    void offerBuffer() {
        int slot = usedSlots++;
        int head = receive.chain().writableAt(receiveGpa(slot), PACKET_BYTES).publish();
        slotOfHead[head] = slot;
    }

    void offerAllBuffers() {
        while (usedSlots < SLOTS) {
            offerBuffer();
        }
    }

    /** As at first, after both queues were reset, with {@code count} buffers offered at the most. */
    void restart(int count) {
        Arrays.fill(slotBusy, false);
        usedSlots = 0;
        for (int i = 0; i < Math.min(count, SLOTS); i++) {
            offerBuffer();
        }
    }

    /** The next packet from the host; null if there is none. Its buffer is available again. */
    @Nullable
    Packet take() {
        Used used = receive.takeUsed();
        if (used == null) {
            return null;
        }
        MemorySegment packet = guest.at(receiveGpa(slotOfHead[used.head()]), PACKET_BYTES);
        int length = packet.get(JAVA_INT_UNALIGNED, 24);
        Packet taken = new Packet(
                packet.get(JAVA_INT_UNALIGNED, 16),
                packet.get(JAVA_INT_UNALIGNED, 20),
                packet.get(JAVA_SHORT_UNALIGNED, 30),
                packet.get(JAVA_INT_UNALIGNED, 32),
                packet.get(JAVA_INT_UNALIGNED, 36),
                packet.get(JAVA_INT_UNALIGNED, 40),
                MemorySegment.ofArray(packet.asSlice(VsockHeader.BYTES, length).toArray(JAVA_BYTE)));
        if (packet.get(JAVA_LONG_UNALIGNED, 8) != CID || used.writtenBytes() != VsockHeader.BYTES + length) {
            throw new AssertionError("not a packet for this guest: " + taken + ' ' + used);
        }
        receive.publish(used.head());
        return taken;
    }

    /** Whether a packet can be sent: the device has taken an earlier one. */
    boolean hasSlot() {
        Used used = transmit.takeUsed();
        while (used != null) {
            slotBusy[used.head()] = false;
            used = transmit.takeUsed();
        }
        for (boolean busy : slotBusy) {
            if (!busy) {
                return true;
            }
        }
        return false;
    }

    /** Sends a packet; rings no doorbell. */
    void send(int hostPort, int guestPort, int op, int flags, int bufferBytes, int forwardedBytes, byte... payload) {
        MemorySegment packet = newPacket(hostPort, guestPort, op, payload.length);
        packet.set(JAVA_INT_UNALIGNED, 32, flags);
        packet.set(JAVA_INT_UNALIGNED, 36, bufferBytes);
        packet.set(JAVA_INT_UNALIGNED, 40, forwardedBytes);
        MemorySegment.copy(payload, 0, packet, JAVA_BYTE, VsockHeader.BYTES, payload.length);
        publish(payload.length);
    }

    private int slot = -1;

    /** A packet in the making, to be {@link #publish}ed. */
    MemorySegment newPacket(int hostPort, int guestPort, int op, int lengthBytes) {
        if (!hasSlot()) {
            throw new AssertionError("no free slot to send with");
        }
        slot = 0;
        while (slotBusy[slot]) {
            slot++;
        }
        MemorySegment packet = guest.at(transmitGpa(slot), PACKET_BYTES);
        packet.asSlice(0, VsockHeader.BYTES).fill((byte) 0);
        packet.set(JAVA_LONG_UNALIGNED, 0, CID);
        packet.set(JAVA_LONG_UNALIGNED, 8, VsockHeader.HOST_CID);
        packet.set(JAVA_INT_UNALIGNED, 16, guestPort);
        packet.set(JAVA_INT_UNALIGNED, 20, hostPort);
        packet.set(JAVA_INT_UNALIGNED, 24, lengthBytes);
        packet.set(JAVA_SHORT_UNALIGNED, 28, (short) 1);
        packet.set(JAVA_SHORT_UNALIGNED, 30, (short) op);
        return packet;
    }

    /** Sends the packet in the making, in a buffer of its header and {@code payloadBytes}. */
    void publish(int payloadBytes) {
        slotBusy[slot] = true;
        transmit.descriptor(slot, transmitGpa(slot), VsockHeader.BYTES + payloadBytes, 0, 0);
        transmit.publish(slot);
    }

    private long receiveGpa(int index) {
        return buffers + (long) index * PACKET_BYTES;
    }

    private long transmitGpa(int index) {
        return buffers + (long) (SLOTS + index) * PACKET_BYTES;
    }
}
