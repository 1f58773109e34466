package dev.lull.linux;

/** Requests and flags of TAP devices, {@code linux/if_tun.h}, and of network interfaces. */
@CConstants({"linux/if.h", "linux/if_tun.h", "linux/sockios.h"})
public final class TapConstants {
    public static final int TUN_F_CSUM = 1;
    public static final int TUN_F_TSO4 = 2;
    public static final int TUN_F_TSO6 = 4;
    public static final int TUN_F_TSO_ECN = 8;
    public static final int TUN_F_UFO = 0x10;

    static final int TUNSETIFF = 0x400454ca;
    static final int TUNSETOFFLOAD = 0x400454d0;
    static final int TUNSETTXFILTER = 0x400454d1;
    static final int TUNSETVNETHDRSZ = 0x400454d8;
    static final int TUNSETQUEUE = 0x400454d9;
    static final int TUN_FLT_ALLMULTI = 1;
    static final int IFF_TAP = 2;
    static final int IFF_MULTI_QUEUE = 0x100;
    static final int IFF_ATTACH_QUEUE = 0x200;
    static final int IFF_DETACH_QUEUE = 0x400;
    static final int IFF_NO_PI = 0x1000;
    static final int IFF_VNET_HDR = 0x4000;
    static final int IFF_UP = 1;
    static final int IFNAMSIZ = 16;
    static final int SIOCGIFFLAGS = 0x8913;
    static final int SIOCSIFFLAGS = 0x8914;
    static final int SIOCGIFMTU = 0x8921;

    private TapConstants() {}
}
