package dev.lull.agent.mmds.net;

import dev.lull.agent.mmds.net.StationEvents.Received;
import dev.lull.device.virtio.net.FrameDetour;
import dev.lull.device.virtio.net.MacAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.agrona.concurrent.NanoClock;

/**
 * A station with one IPv4 address and one TCP port on a guest's network: it answers ARP and requests, and keeps all other
 * frames to its address from the port. It has no thread; the device's loop drives it.
 */
public final class ServiceStation implements FrameDetour {
    /** While something is not acknowledged, it is looked after this often. */
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final long mac;
    private final int address;
    private final StationEvents events;
    private final TcpListener listener;
    private final TcpSegment inbound;

    /** Who asked last for the station's MAC address; the answer is due. */
    private boolean arpDue;

    private long askerMac;
    private int askerAddress;
    private boolean hasFrame;

    /**
     * A station.
     *
     * @param address IPv4, the first octet the most significant
     * @param port of TCP
     * @param random for where sequences begin
     */
    public ServiceStation(
            MacAddress mac,
            int address,
            int port,
            RequestServer server,
            StationEvents events,
            NanoClock clock,
            RandomGenerator random) {
        this.mac = mac.bits();
        this.address = address;
        this.events = events;
        inbound = new TcpSegment(mac.bits(), address);
        listener = new TcpListener(server, port, clock, random, events, new TcpSegment(mac.bits(), address));
    }

    @Override
    public boolean wants(ByteBuffer head) {
        if (head.limit() < PacketLayout.IPV4 + PacketLayout.IPV4_BYTES) {
            return false;
        }
        return switch (type(head)) {
            case PacketLayout.TYPE_IPV4 -> head.getInt(PacketLayout.IPV4_DESTINATION) == address;
            case PacketLayout.TYPE_ARP ->
                head.limit() >= PacketLayout.ARP_END && head.getInt(PacketLayout.ARP_TARGET_ADDRESS) == address;
            default -> false;
        };
    }

    @Override
    public void take(ByteBuffer frame, boolean checksumMissing) {
        hasFrame = true;
        events.received(type(frame) == PacketLayout.TYPE_ARP ? takeArp(frame) : takePacket(frame, checksumMissing));
    }

    private static int type(ByteBuffer frame) {
        return Short.toUnsignedInt(frame.getShort(PacketLayout.ETHERNET_TYPE));
    }

    private Received takeArp(ByteBuffer frame) {
        long kind = (long) frame.getInt(PacketLayout.ARP) << 16
                | Short.toUnsignedInt(frame.getShort(PacketLayout.ARP + Integer.BYTES));
        if (kind != PacketLayout.ARP_KIND) {
            return Received.MALFORMED;
        }
        if (frame.getShort(PacketLayout.ARP_OPERATION) != PacketLayout.ARP_REQUEST) {
            return Received.UNUSUAL;
        }
        arpDue = true;
        askerMac = TcpSegment.getMac(frame, PacketLayout.ARP_SENDER_MAC);
        askerAddress = frame.getInt(PacketLayout.ARP_SENDER_ADDRESS);
        return Received.ARP_REQUEST;
    }

    private Received takePacket(ByteBuffer frame, boolean checksumMissing) {
        if (!TcpSegment.isTcp(frame)) {
            return Received.UNUSUAL;
        }
        if (!inbound.read(frame, checksumMissing)) {
            return Received.MALFORMED;
        }
        listener.receive(inbound, frame);
        return Received.SEGMENT;
    }

    @Override
    public boolean hasFrame() {
        return hasFrame;
    }

    @Override
    public int nextFrame(ByteBuffer target) {
        int length = arpDue ? answerArp(target) : listener.send(target);
        if (length == 0) {
            hasFrame = false;
        } else {
            events.sent(length);
        }
        return length;
    }

    private int answerArp(ByteBuffer frame) {
        arpDue = false;
        TcpSegment.putMac(frame, PacketLayout.ETHERNET_DESTINATION, askerMac);
        TcpSegment.putMac(frame, PacketLayout.ETHERNET_SOURCE, mac);
        frame.putShort(PacketLayout.ETHERNET_TYPE, (short) PacketLayout.TYPE_ARP);
        frame.putInt(PacketLayout.ARP, (int) (PacketLayout.ARP_KIND >>> 16));
        frame.putShort(PacketLayout.ARP + Integer.BYTES, (short) PacketLayout.ARP_KIND);
        frame.putShort(PacketLayout.ARP_OPERATION, (short) PacketLayout.ARP_REPLY);
        TcpSegment.putMac(frame, PacketLayout.ARP_SENDER_MAC, mac);
        frame.putInt(PacketLayout.ARP_SENDER_ADDRESS, address);
        TcpSegment.putMac(frame, PacketLayout.ARP_TARGET_MAC, askerMac);
        frame.putInt(PacketLayout.ARP_TARGET_ADDRESS, askerAddress);
        return PacketLayout.ARP_END;
    }

    @Override
    public long timeoutNanos() {
        return listener.isWaiting() ? TICK_NANOS : NEVER;
    }

    @Override
    public void timeout() {
        hasFrame = true;
    }

    @Override
    public void reset() {
        listener.clear();
        arpDue = false;
        hasFrame = false;
    }
}
