package dev.lull.device.virtio.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The control queue (virtio 1.2 §5.1.6.5): reads one command at a time and answers whether it was obeyed. */
final class NetControl {
    /** Obeys what a driver commands, once it is known to be well-formed. */
    interface Target {
        /** Sets the guest's address. */
        void setMac(MacAddress mac);

        /** What the guest wants to receive has changed. */
        void setFilter(NetFilter filter);

        /** Uses the first {@code pairs} pairs of queues; false if there are not so many. */
        boolean setPairs(int pairs);

        /** @param features of {@link NetFeature#GUEST_OFFLOADS} */
        void setGuestOffloads(long features);
    }

    private static final byte OK = 0;
    private static final byte ERROR = 1;

    private static final int CLASS_RX = 0;
    private static final int CLASS_MAC = 1;
    private static final int CLASS_MQ = 4;
    private static final int CLASS_GUEST_OFFLOADS = 5;
    private static final int MAC_TABLE_SET = 0;
    private static final int MAC_ADDR_SET = 1;

    private static final int COMMAND_BYTES = 2;

    /** Room for a table of 340 addresses; what is longer is refused. */
    private static final int MAX_DATA_BYTES = 2048;

    private final Virtqueue queue;
    private final long features;
    private final Target target;
    private final NetFilter filter = new NetFilter();
    private final DescriptorChain chain;
    private final MemorySegment data = Arena.ofAuto().allocate(COMMAND_BYTES + MAX_DATA_BYTES);
    private final MemorySegment answer = Arena.ofAuto().allocate(1);

    NetControl(Virtqueue queue, long features, Target target) {
        this.queue = queue;
        this.features = features;
        this.target = target;
        chain = new DescriptorChain(queue.size());
    }

    /** Obeys all commands there are. */
    void run() {
        do {
            while (queue.poll(chain)) {
                if (chain.readableBytes() < COMMAND_BYTES || chain.writableBytes() < 1) {
                    throw new VirtioException("a control command without class, command and ack (virtio 1.2 §5.1.6.5)");
                }
                answer.set(JAVA_BYTE, 0, obey() ? OK : ERROR);
                chain.copyIn(0, answer, 0, 1);
                queue.complete(chain, 1);
            }
        } while (queue.armDoorbells());
        queue.flush();
    }

    private boolean obey() {
        long lengthBytes = chain.readableBytes() - COMMAND_BYTES;
        if (lengthBytes > MAX_DATA_BYTES) {
            return false;
        }
        chain.copyOut(0, data, 0, COMMAND_BYTES + (int) lengthBytes);
        MemorySegment arguments = data.asSlice(COMMAND_BYTES, lengthBytes);
        int command = data.get(JAVA_BYTE, 1);
        return switch (data.get(JAVA_BYTE, 0)) {
            case CLASS_RX -> has(NetFeature.CTRL_RX) && receiveMode(command, arguments);
            case CLASS_MAC -> address(command, arguments);
            case CLASS_MQ ->
                has(NetFeature.MQ)
                        && command == 0
                        && lengthBytes == Short.BYTES
                        && target.setPairs(Short.toUnsignedInt(arguments.get(JAVA_SHORT_UNALIGNED, 0)));
            case CLASS_GUEST_OFFLOADS -> has(NetFeature.CTRL_GUEST_OFFLOADS) && guestOffloads(command, arguments);
            default -> false;
        };
    }

    private boolean receiveMode(int command, MemorySegment arguments) {
        if (arguments.byteSize() != 1 || (command > 1 && !has(NetFeature.CTRL_RX_EXTRA))) {
            return false;
        }
        return filter.setMode(command, arguments.get(JAVA_BYTE, 0) != 0) && changed();
    }

    private boolean address(int command, MemorySegment arguments) {
        return switch (command) {
            case MAC_TABLE_SET -> has(NetFeature.CTRL_RX) && filter.setTable(arguments) && changed();
            case MAC_ADDR_SET ->
                has(NetFeature.CTRL_MAC_ADDR) && arguments.byteSize() == MacAddress.BYTES && setMac(arguments);
            default -> false;
        };
    }

    private boolean setMac(MemorySegment address) {
        long bits = 0;
        for (int i = 0; i < MacAddress.BYTES; i++) {
            bits = (bits << 8) | Byte.toUnsignedInt(address.get(JAVA_BYTE, i));
        }
        if (!MacAddress.isStation(bits)) {
            return false;
        }
        target.setMac(new MacAddress(bits));
        return changed();
    }

    private boolean guestOffloads(int command, MemorySegment arguments) {
        if (command != 0 || arguments.byteSize() != Long.BYTES) {
            return false;
        }
        long wanted = arguments.get(JAVA_LONG_UNALIGNED, 0);
        if ((wanted & ~(features & NetFeature.GUEST_OFFLOADS)) != 0) {
            return false;
        }
        target.setGuestOffloads(wanted);
        return true;
    }

    private boolean changed() {
        target.setFilter(filter);
        return true;
    }

    private boolean has(long feature) {
        return (features & feature) != 0;
    }
}
