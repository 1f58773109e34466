package dev.lull.linux;

import static dev.lull.linux.TapConstants.IFF_ATTACH_QUEUE;
import static dev.lull.linux.TapConstants.IFF_DETACH_QUEUE;
import static dev.lull.linux.TapConstants.IFF_MULTI_QUEUE;
import static dev.lull.linux.TapConstants.IFF_NO_PI;
import static dev.lull.linux.TapConstants.IFF_TAP;
import static dev.lull.linux.TapConstants.IFF_UP;
import static dev.lull.linux.TapConstants.IFF_VNET_HDR;
import static dev.lull.linux.TapConstants.IFNAMSIZ;
import static dev.lull.linux.TapConstants.SIOCGIFFLAGS;
import static dev.lull.linux.TapConstants.SIOCGIFMTU;
import static dev.lull.linux.TapConstants.SIOCSIFFLAGS;
import static dev.lull.linux.TapConstants.TUNSETIFF;
import static dev.lull.linux.TapConstants.TUNSETOFFLOAD;
import static dev.lull.linux.TapConstants.TUNSETQUEUE;
import static dev.lull.linux.TapConstants.TUNSETTXFILTER;
import static dev.lull.linux.TapConstants.TUN_FLT_ALLMULTI;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A TAP device: Ethernet frames of the host, each behind a {@code virtio_net_hdr}, one descriptor a queue. Reads and writes do
 * not block.
 */
public final class Tap implements AutoCloseable {
    /** {@code struct virtio_net_hdr_v1}, little-endian, before every frame. */
    public static final int HEADER_BYTES = 12;

    /** The most queues a TAP device has, {@code MAX_TAP_QUEUES}. */
    public static final int MAX_QUEUES = 256;

    private static final String DEVICE = "/dev/net/tun";
    private static final int MAC_BYTES = 6;

    /** {@code struct ifreq}, as far as it is used. */
    @CStruct(value = "ifreq", header = "linux/if.h")
    static final class IfReq {
        static final int SIZE = 40;
        static final int IFR_NAME = 0;
        static final int IFR_FLAGS = 16;
        static final int IFR_MTU = 16;

        private IfReq() {}
    }

    /** {@code struct tun_filter}, whose addresses follow. */
    @CStruct(value = "tun_filter", header = "linux/if_tun.h")
    static final class Filter {
        static final int SIZE = 4;
        static final int FLAGS = 0;
        static final int COUNT = 2;
        static final int ADDR = 4;

        private Filter() {}
    }

    private final String name;
    private final List<Fd> queues;

    private Tap(String name, List<Fd> queues) {
        this.name = name;
        this.queues = queues;
    }

    /**
     * Opens a TAP device that exists and brings no change to its link.
     *
     * @param queueCount 1 to {@link #MAX_QUEUES}
     * @throws TapException saying in one line what is wrong and what would help
     */
    public static Tap open(String name, int queueCount) {
        requireName(name);
        interfaceFlags(name);
        return attach(name, queueCount);
    }

    /**
     * Makes a TAP device, with its link up, that is gone when this is closed.
     *
     * @param name up to 15 bytes; a {@code %d} in it becomes the first number that is free
     * @throws TapException as {@link #open}, or if there is one of that name
     */
    public static Tap create(String name, int queueCount) {
        requireName(name);
        if (exists(name)) {
            throw new TapException("TUNSETIFF", name, Errno.EEXIST, "exists already");
        }
        Tap tap = attach(name, queueCount);
        try {
            tap.bringUp();
            return tap;
        } catch (RuntimeException e) {
            tap.close();
            throw e;
        }
    }

    /** The interface's name. */
    public String name() {
        return name;
    }

    /** The number of queues that are open. */
    public int queueCount() {
        return queues.size();
    }

    /** The descriptor frames of queue {@code index} are read from and written to; owned by this object. */
    public Fd queue(int index) {
        return queues.get(index);
    }

    /**
     * Says what whoever reads can finish by himself.
     *
     * @param offloads {@code TUN_F_…} of {@link TapConstants}
     */
    public void setOffloads(int offloads) {
        queues.getFirst().ioctl("TUNSETOFFLOAD", TUNSETOFFLOAD, offloads);
    }

    /** Has the host give frames to queue {@code index}, or not; at first it does. Only with more than one queue. */
    public void enableQueue(int index, boolean enabled) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(IfReq.SIZE, 8);
            request.set(JAVA_SHORT, IfReq.IFR_FLAGS, (short) (enabled ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE));
            int result = queues.get(index).tryIoctl(TUNSETQUEUE, request);
            // Already as wanted.
            if (result != -Errno.EINVAL) {
                Fd.check("TUNSETQUEUE", name, result);
            }
        }
    }

    /**
     * Has the host drop frames to other addresses than these.
     *
     * @param addresses six bytes each; empty lets all frames pass
     * @param allMulticast whether every multicast address passes
     */
    public void setFilter(byte[] addresses, boolean allMulticast) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment filter = arena.allocate(Filter.SIZE + addresses.length, 8);
            filter.set(JAVA_SHORT, Filter.FLAGS, (short) (allMulticast ? TUN_FLT_ALLMULTI : 0));
            filter.set(JAVA_SHORT, Filter.COUNT, (short) (addresses.length / MAC_BYTES));
            MemorySegment.copy(addresses, 0, filter, JAVA_BYTE, Filter.ADDR, addresses.length);
            queues.getFirst().ioctl("TUNSETTXFILTER", TUNSETTXFILTER, filter);
        }
    }

    /** The largest packet, in bytes without the Ethernet header. */
    public int mtuBytes() {
        return interfaceRequest("SIOCGIFMTU", SIOCGIFMTU, name, 0).get(JAVA_INT, IfReq.IFR_MTU);
    }

    /** Sets the link up, {@code ip link set NAME up}. */
    public void bringUp() {
        interfaceRequest("SIOCSIFFLAGS", SIOCSIFFLAGS, name, interfaceFlags(name) | IFF_UP);
    }

    @Override
    public void close() {
        queues.forEach(Fd::close);
    }

    private static Tap attach(String name, int queueCount) {
        List<Fd> queues = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(IfReq.SIZE, 8);
            MemorySegment headerBytes = arena.allocateFrom(JAVA_INT, HEADER_BYTES);
            putName(request, name);
            for (int i = 0; i < queueCount; i++) {
                Fd fd = open(name);
                queues.add(fd);
                attach(fd, request, name, queueCount);
                fd.ioctl("TUNSETVNETHDRSZ", TapConstants.TUNSETVNETHDRSZ, headerBytes);
            }
            return new Tap(request.getString(IfReq.IFR_NAME, StandardCharsets.US_ASCII), queues);
        } catch (RuntimeException e) {
            queues.forEach(Fd::close);
            throw e;
        }
    }

    private static Fd open(String name) {
        try {
            return Fd.open(DEVICE, LinuxConstants.O_RDWR | LinuxConstants.O_NONBLOCK);
        } catch (LinuxException e) {
            throw new TapException(
                    e.operation(),
                    name,
                    e.errno(),
                    switch (e.errno()) {
                        case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
                            "there is no " + DEVICE + "; load the module: modprobe tun";
                        case Errno.EACCES, Errno.EPERM ->
                            "this user may not open " + DEVICE + "; as root: chmod 666 " + DEVICE;
                        default -> "cannot open " + DEVICE + ": " + Errno.name(e.errno());
                    });
        }
    }

    private static void attach(Fd fd, MemorySegment request, String name, int queueCount) {
        int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
        int result = tryAttach(fd, request, queueCount > 1 ? flags | IFF_MULTI_QUEUE : flags);
        if (result == -Errno.EINVAL && queueCount == 1) {
            // A device made with multi_queue is opened in no other way.
            result = tryAttach(fd, request, flags | IFF_MULTI_QUEUE);
        }
        if (result < 0) {
            throw refused(name, -result, queueCount);
        }
    }

    private static int tryAttach(Fd fd, MemorySegment request, int flags) {
        request.set(JAVA_SHORT, IfReq.IFR_FLAGS, (short) flags);
        return fd.tryIoctl(TUNSETIFF, request);
    }

    private static TapException refused(String name, int errno, int queueCount) {
        String message = switch (errno) {
            case Errno.EPERM ->
                "this user may not use it; run as root, or make it beforehand: ip tuntap add " + name
                        + " mode tap user $USER";
            case Errno.EBUSY -> "in use by another program";
            case Errno.EINVAL ->
                queueCount > 1
                        ? "not a TAP device of several queues; make it so: ip tuntap add " + name
                                + " mode tap multi_queue"
                        : "not a TAP device";
            case Errno.E2BIG -> "has no more than " + MAX_QUEUES + " queues";
            default -> "cannot be opened: " + Errno.name(errno);
        };
        return new TapException("TUNSETIFF", name, errno, message);
    }

    private static void requireName(String name) {
        if (name.isEmpty()
                || name.length() >= IFNAMSIZ
                || !name.chars().allMatch(c -> c > ' ' && c < 127 && c != '/')) {
            throw new TapException(
                    "TUNSETIFF", name, Errno.EINVAL, "not an interface's name, which has 1 to 15 characters");
        }
    }

    private static boolean exists(String name) {
        try {
            interfaceFlags(name);
            return true;
        } catch (TapException e) {
            if (e.errno() == Errno.ENODEV) {
                return false;
            }
            throw e;
        }
    }

    private static int interfaceFlags(String name) {
        return interfaceRequest("SIOCGIFFLAGS", SIOCGIFFLAGS, name, 0).get(JAVA_SHORT, IfReq.IFR_FLAGS);
    }

    /** Asks something of an interface: the {@code ifreq} as the kernel left it. */
    private static MemorySegment interfaceRequest(String operation, int request, String name, int flags) {
        try (Fd socket = UnixSocket.datagram()) {
            MemorySegment ifreq = Arena.ofAuto().allocate(IfReq.SIZE, 8);
            putName(ifreq, name);
            ifreq.set(JAVA_SHORT, IfReq.IFR_FLAGS, (short) flags);
            int result = socket.tryIoctl(request, ifreq);
            if (result < 0) {
                throw new TapException(
                        operation,
                        name,
                        -result,
                        result == -Errno.ENODEV
                                ? "there is no such device; make it: ip tuntap add " + name + " mode tap"
                                : operation + " failed: " + Errno.name(-result));
            }
            return ifreq;
        }
    }

    private static void putName(MemorySegment ifreq, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        MemorySegment.copy(bytes, 0, ifreq, JAVA_BYTE, IfReq.IFR_NAME, bytes.length);
    }
}
