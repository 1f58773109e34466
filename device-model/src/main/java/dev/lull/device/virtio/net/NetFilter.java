package dev.lull.device.virtio.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;

/** Which frames the guest wants (virtio 1.2 §5.1.6.5.1, §5.1.6.5.2): all, until it says otherwise. */
final class NetFilter {
    private static final int PROMISC = 0;
    private static final int ALLMULTI = 1;
    private static final int ALLUNI = 2;
    private static final int NOMULTI = 3;
    private static final int NOUNI = 4;
    private static final int NOBCAST = 5;
    private static final int MODES = 6;

    private static final byte[] EVERYTHING = {};

    private final boolean[] modes = new boolean[MODES];
    private byte[] unicast = EVERYTHING;
    private byte[] multicast = EVERYTHING;

    NetFilter() {
        modes[PROMISC] = true;
    }

    /** Sets the mode of command {@code command}; false if there is none. */
    boolean setMode(int command, boolean on) {
        if (command < 0 || command >= MODES) {
            return false;
        }
        modes[command] = on;
        return true;
    }

    /** Sets the tables of {@code VIRTIO_NET_CTRL_MAC_TABLE_SET}; false, and nothing is changed, if they are malformed. */
    boolean setTable(MemorySegment tables) {
        long unicastBytes = tableBytes(tables, 0);
        if (unicastBytes < 0) {
            return false;
        }
        long multicastAt = Integer.BYTES + unicastBytes;
        long multicastBytes = tableBytes(tables, multicastAt);
        if (multicastBytes < 0) {
            return false;
        }
        unicast = tables.asSlice(Integer.BYTES, unicastBytes).toArray(JAVA_BYTE);
        multicast = tables.asSlice(multicastAt + Integer.BYTES, multicastBytes).toArray(JAVA_BYTE);
        return true;
    }

    /** The addresses that pass, six bytes each; none if all do. */
    byte[] addresses(MacAddress mac) {
        if (modes[PROMISC] || modes[ALLUNI]) {
            return EVERYTHING;
        }
        ByteArrayOutputStream addresses = new ByteArrayOutputStream();
        for (int i = 0; i < MacAddress.BYTES; i++) {
            addresses.write(mac.byteAt(i));
        }
        if (!modes[NOUNI]) {
            addresses.writeBytes(unicast);
        }
        if (!modes[NOBCAST]) {
            addresses.writeBytes(new byte[] {-1, -1, -1, -1, -1, -1});
        }
        if (!modes[NOMULTI]) {
            addresses.writeBytes(multicast);
        }
        return addresses.toByteArray();
    }

    /** Whether every multicast address passes. */
    boolean allMulticast() {
        return modes[ALLMULTI] && !modes[NOMULTI];
    }

    private static long tableBytes(MemorySegment tables, long at) {
        if (tables.byteSize() - at < Integer.BYTES) {
            return -1;
        }
        long bytes = MacAddress.BYTES * Integer.toUnsignedLong(tables.get(JAVA_INT_UNALIGNED, at));
        return bytes <= tables.byteSize() - at - Integer.BYTES ? bytes : -1;
    }
}
