package dev.lull.agent.control.vm;

/** Names of a machine's devices: the dialect's ids are unique per kind, the machine's among all. */
public final class DeviceIds {
    /** The socket device. */
    public static final String VSOCK = "vsock";

    /** The balloon. */
    public static final String BALLOON = "balloon";

    /** The device of random numbers. */
    public static final String ENTROPY = "entropy";

    private static final String DRIVE = "drive-";
    private static final String NET = "net-";

    private DeviceIds() {}

    /** Of a disk. */
    public static String drive(String driveId) {
        return DRIVE.concat(driveId);
    }

    /** Of a network device. */
    public static String net(String ifaceId) {
        return NET.concat(ifaceId);
    }
}
