package dev.lull.device.virtio.net;

import dev.lull.linux.TapConstants;

/** Feature bits of the network device (virtio 1.2 §5.1.3), as masks. */
final class NetFeature {
    static final long CSUM = 1L;
    static final long GUEST_CSUM = 1L << 1;
    static final long CTRL_GUEST_OFFLOADS = 1L << 2;
    static final long MTU = 1L << 3;
    static final long MAC = 1L << 5;
    static final long GUEST_TSO4 = 1L << 7;
    static final long GUEST_TSO6 = 1L << 8;
    static final long GUEST_ECN = 1L << 9;
    static final long HOST_TSO4 = 1L << 11;
    static final long HOST_TSO6 = 1L << 12;
    static final long HOST_ECN = 1L << 13;
    static final long MRG_RXBUF = 1L << 15;
    static final long STATUS = 1L << 16;
    static final long CTRL_VQ = 1L << 17;
    static final long CTRL_RX = 1L << 18;
    static final long CTRL_RX_EXTRA = 1L << 20;
    static final long MQ = 1L << 22;
    static final long CTRL_MAC_ADDR = 1L << 23;
    static final long STANDBY = 1L << 62;

    /** What the driver may switch while it runs (virtio 1.2 §5.1.6.5.6.1). */
    static final long GUEST_OFFLOADS = GUEST_CSUM | GUEST_TSO4 | GUEST_TSO6 | GUEST_ECN;

    static final long ALWAYS = CSUM
            | GUEST_OFFLOADS
            | CTRL_GUEST_OFFLOADS
            | MAC
            | HOST_TSO4
            | HOST_TSO6
            | HOST_ECN
            | MRG_RXBUF
            | STATUS
            | CTRL_VQ
            | CTRL_RX
            | CTRL_RX_EXTRA
            | CTRL_MAC_ADDR;

    private NetFeature() {}

    /** What a driver with these features can finish by itself, for a port. Segments come without a checksum. */
    static int portOffloads(long features) {
        if ((features & GUEST_CSUM) == 0) {
            return 0;
        }
        int offloads = TapConstants.TUN_F_CSUM;
        offloads |= (features & GUEST_TSO4) != 0 ? TapConstants.TUN_F_TSO4 : 0;
        offloads |= (features & GUEST_TSO6) != 0 ? TapConstants.TUN_F_TSO6 : 0;
        boolean segments = (features & (GUEST_TSO4 | GUEST_TSO6)) != 0;
        return offloads | (segments && (features & GUEST_ECN) != 0 ? TapConstants.TUN_F_TSO_ECN : 0);
    }
}
