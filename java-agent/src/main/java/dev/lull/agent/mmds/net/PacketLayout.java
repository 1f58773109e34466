package dev.lull.agent.mmds.net;

/** Where things are in Ethernet frames, in bytes from their start: IEEE 802.3, RFC 826 (ARP), RFC 791 (IPv4), RFC 9293 (TCP). */
final class PacketLayout {
    static final int ETHERNET_DESTINATION = 0;
    static final int ETHERNET_SOURCE = 6;
    static final int ETHERNET_TYPE = 12;
    static final int ETHERNET_BYTES = 14;
    static final int TYPE_IPV4 = 0x0800;
    static final int TYPE_ARP = 0x0806;

    static final int ARP = ETHERNET_BYTES;
    static final int ARP_OPERATION = ARP + 6;
    static final int ARP_SENDER_MAC = ARP + 8;
    static final int ARP_SENDER_ADDRESS = ARP + 14;
    static final int ARP_TARGET_MAC = ARP + 18;
    static final int ARP_TARGET_ADDRESS = ARP + 24;
    static final int ARP_END = ARP + 28;
    static final int ARP_REQUEST = 1;
    static final int ARP_REPLY = 2;

    /** Hardware type Ethernet, protocol IPv4, and their addresses' lengths. */
    static final long ARP_KIND = 0x0001_0800_0604L;

    static final int IPV4 = ETHERNET_BYTES;
    static final int IPV4_VERSION = IPV4;
    static final int IPV4_LENGTH = IPV4 + 2;
    static final int IPV4_FRAGMENT = IPV4 + 6;
    static final int IPV4_TTL = IPV4 + 8;
    static final int IPV4_PROTOCOL = IPV4 + 9;
    static final int IPV4_CHECKSUM = IPV4 + 10;
    static final int IPV4_SOURCE = IPV4 + 12;
    static final int IPV4_DESTINATION = IPV4 + 16;
    static final int IPV4_BYTES = 20;
    static final int PROTOCOL_TCP = 6;

    /** From the start of the TCP header, which options of IPv4 may move. */
    static final int TCP_SOURCE_PORT = 0;

    static final int TCP_DESTINATION_PORT = 2;
    static final int TCP_SEQUENCE = 4;
    static final int TCP_ACKNOWLEDGMENT = 8;
    static final int TCP_FLAGS = 12;
    static final int TCP_WINDOW = 14;
    static final int TCP_CHECKSUM = 16;
    static final int TCP_BYTES = 20;

    private PacketLayout() {}
}
