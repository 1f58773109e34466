package dev.lull.device.virtio.net;

import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.Virtqueue;
import dev.lull.linux.Errno;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.LinuxException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A network device (virtio 1.2 §5.1). A port that is gone, such as a deleted TAP device, is a link that is down; one that
 * comes back is a link that is up.
 */
public final class VirtioNet implements VirtioDevice {
    private static final int TYPE = 1;
    private static final int PCI_CLASS_ETHERNET = 0x020000;
    private static final int QUEUE_SIZE = 256;
    private static final int CONTROL_QUEUE_SIZE = 64;
    private static final int LINK_UP = 1;

    /** The pair of queues a detour's frames come by; it is always in use. */
    private static final int DETOUR_PAIR = 0;

    /** The Ethernet header and a VLAN's. */
    private static final int ETHERNET_BYTES = 18;

    /** {@code EPOLLET}: the port is not watched while the guest has no buffers, and need not be. */
    private static final int PORT_EVENTS =
            LinuxConstants.EPOLLIN | LinuxConstants.EPOLLOUT | (int) LinuxConstants.EPOLLET;

    private final FramePort port;
    private final RateLimiter receiveLimiter;
    private final RateLimiter transmitLimiter;
    private final NetStats stats;
    private final @Nullable DetourPath detour;
    private final long features;
    private final int toldMtuBytes;
    private final int portMtuBytes;
    private final @Nullable NetPair[] pairs;
    private final NetLink link = new PortLink();
    private final MacAddress assignedMac;
    private volatile MacAddress mac;
    private volatile boolean linkUp = true;
    private boolean portGone;
    private int enabledPairs;
    private int controlQueue;
    private @Nullable NetControl control;
    private @Nullable VirtioContext context;

    /**
     * A device on {@code port}, which it closes.
     *
     * @param receiveLimiter of frames to the guest; the device closes it
     * @param transmitLimiter of frames from the guest; the device closes it
     * @param stats what it counts in; the caller's
     */
    public VirtioNet(
            NetConfig config,
            FramePort port,
            RateLimiter receiveLimiter,
            RateLimiter transmitLimiter,
            DeviceStats stats) {
        this(config, port, receiveLimiter, transmitLimiter, stats, null);
    }

    /**
     * As above, with frames that do not go to the port or come from it.
     *
     * @param detour null for none; this device's alone
     */
    public VirtioNet(
            NetConfig config,
            FramePort port,
            RateLimiter receiveLimiter,
            RateLimiter transmitLimiter,
            DeviceStats stats,
            @Nullable FrameDetour detour) {
        this.port = port;
        this.receiveLimiter = receiveLimiter;
        this.transmitLimiter = transmitLimiter;
        this.stats = new NetStats(stats);
        this.detour = detour == null ? null : new DetourPath(detour);
        assignedMac = config.mac();
        mac = assignedMac;
        toldMtuBytes = config.mtuBytes();
        portMtuBytes = port.mtuBytes();
        pairs = new NetPair[port.queueCount()];
        features = NetFeature.ALWAYS
                | (pairs.length > 1 ? NetFeature.MQ : 0)
                | (toldMtuBytes == NetConfig.NO_MTU ? 0 : NetFeature.MTU)
                | (config.standby() ? NetFeature.STANDBY : 0);
    }

    /** What limits frames to the guest, to be changed from any thread. */
    public RateLimiter receiveLimiter() {
        return receiveLimiter;
    }

    /** What limits frames from the guest, to be changed from any thread. */
    public RateLimiter transmitLimiter() {
        return transmitLimiter;
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public int pciClass() {
        return PCI_CLASS_ETHERNET;
    }

    @Override
    public long features() {
        return features;
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int[2 * pairs.length + 1];
        Arrays.fill(sizes, QUEUE_SIZE);
        sizes[sizes.length - 1] = CONTROL_QUEUE_SIZE;
        return sizes;
    }

    /** {@code struct virtio_net_config}: mac, status, max_virtqueue_pairs, mtu (virtio 1.2 §5.1.4). */
    @Override
    public long readConfig(int offset, int sizeBytes) {
        MacAddress address = mac;
        long value = 0;
        for (int i = sizeBytes - 1; i >= 0; i--) {
            value = (value << 8) | configByte(address, offset + i);
        }
        return value;
    }

    private int configByte(MacAddress address, int offset) {
        return switch (offset) {
            case 0, 1, 2, 3, 4, 5 -> Byte.toUnsignedInt(address.byteAt(offset));
            case 6 -> linkUp ? LINK_UP : 0;
            case 8 -> pairs.length & 0xff;
            case 9 -> pairs.length >>> 8;
            case 10 -> toldMtuBytes & 0xff;
            case 11 -> toldMtuBytes >>> 8;
            default -> 0;
        };
    }

    @Override
    public void activate(VirtioContext newContext) {
        context = newContext;
        boolean multiQueue = (newContext.features() & NetFeature.MQ) != 0;
        controlQueue = multiQueue ? 2 * pairs.length : 2;
        Virtqueue commands = newContext.queue(controlQueue);
        if (commands != null && (newContext.features() & NetFeature.CTRL_VQ) != 0) {
            control = new NetControl(commands, newContext.features(), new Commands());
        }
        for (int i = 0; i < (multiQueue ? pairs.length : 1); i++) {
            pairs[i] = newPair(newContext, i);
        }
        receiveLimiter.begin(newContext, () -> runAll(true));
        transmitLimiter.begin(newContext, () -> runAll(false));
        if (detour != null) {
            detour.begin(newContext, () -> run(DETOUR_PAIR, true));
        }
        onPort(() -> {
            port.setOffloads(NetFeature.portOffloads(newContext.features()));
            port.setFilter(new byte[0], false);
        });
        enablePairs(1);
    }

    @Override
    public void notified(int queue) {
        if (queue == controlQueue) {
            if (control != null) {
                control.run();
            }
            return;
        }
        if (queue / 2 < enabledPairs) {
            run(queue / 2, queue % 2 == 0);
        }
    }

    @Override
    public void reset(Runnable quiet) {
        for (int i = 0; i < pairs.length; i++) {
            watch(i, false);
        }
        receiveLimiter.end();
        transmitLimiter.end();
        if (detour != null) {
            detour.end();
        }
        context = null;
        control = null;
        Arrays.fill(pairs, null);
        mac = assignedMac;
        linkUp = !portGone;
        quiet.run();
    }

    @Override
    public void close() {
        receiveLimiter.close();
        transmitLimiter.close();
        if (detour != null) {
            detour.close();
        }
        port.close();
    }

    private @Nullable NetPair newPair(VirtioContext active, int index) {
        Virtqueue receive = active.queue(2 * index);
        Virtqueue transmit = active.queue(2 * index + 1);
        if (receive == null || transmit == null) {
            return null;
        }
        boolean segments = (active.features() & (NetFeature.GUEST_TSO4 | NetFeature.GUEST_TSO6)) != 0;
        int longest = segments ? NetQueue.MAX_FRAME_BYTES : NetQueue.HEADER_BYTES + portMtuBytes + ETHERNET_BYTES;
        boolean mergeable = (active.features() & NetFeature.MRG_RXBUF) != 0;
        return new NetPair(
                new ReceiveQueue(
                        receive,
                        port.queue(index),
                        link,
                        receiveLimiter,
                        stats,
                        index == DETOUR_PAIR ? detour : null,
                        mergeable,
                        longest),
                new TransmitQueue(transmit, port.queue(index), link, transmitLimiter, stats, detour));
    }

    private void portReady(int index, int eventMask) {
        NetPair pair = pairs[index];
        if ((eventMask & LinuxConstants.EPOLLERR) != 0) {
            link.failed(Errno.EBADFD);
        } else if (pair != null) {
            boolean takesFrames = (eventMask & LinuxConstants.EPOLLOUT) != 0;
            if (takesFrames) {
                setLink(true);
            }
            if ((eventMask & ~LinuxConstants.EPOLLOUT) != 0) {
                pair.receive.portReady();
                run(index, true);
            }
            if (takesFrames && pair.transmit.waitsForPort()) {
                run(index, false);
            }
        }
    }

    private void runAll(boolean receive) {
        for (int i = 0; i < enabledPairs; i++) {
            run(i, receive);
        }
    }

    /** Moves a batch of frames of one direction. The next one waits until others of the loop had their turn. */
    private void run(int index, boolean receive) {
        VirtioContext active = context;
        NetPair pair = pairs[index];
        if (active != null && pair != null) {
            NetQueue queue = receive ? pair.receive : pair.transmit;
            if (queue.run()) {
                active.ring(2 * index + (receive ? 0 : 1));
            }
            if (detour != null) {
                if (!receive && detour.hasFrame()) {
                    run(DETOUR_PAIR, true);
                }
                detour.keepTime();
            }
        }
    }

    private void enablePairs(int count) {
        enabledPairs = count;
        for (int i = 0; i < pairs.length; i++) {
            int index = i;
            if (pairs.length > 1) {
                onPort(() -> port.enableQueue(index, index < count));
            }
            // A queue that is not enabled reads as if the port were gone.
            watch(index, index < count && !portGone);
        }
    }

    private void watch(int index, boolean watched) {
        VirtioContext active = context;
        NetPair pair = pairs[index];
        if (active == null || pair == null || pair.isWatched == watched) {
            return;
        }
        pair.isWatched = watched;
        if (watched) {
            active.watch(port.queue(index), PORT_EVENTS, mask -> portReady(index, mask));
        } else {
            active.unwatch(port.queue(index));
        }
    }

    private void setLink(boolean up) {
        if (linkUp == up) {
            return;
        }
        linkUp = up;
        if (!up) {
            NetStats.count(stats.linkDown);
        }
        VirtioContext active = context;
        if (active != null) {
            active.configChanged();
        }
    }

    private void onPort(Runnable request) {
        if (portGone) {
            return;
        }
        try {
            request.run();
        } catch (LinuxException e) {
            link.failed(e.errno());
        }
    }

    /** The port as it fails and comes back. */
    private final class PortLink implements NetLink {
        @Override
        public boolean isUp() {
            return linkUp;
        }

        @Override
        public void failed(int errno) {
            switch (errno) {
                case Errno.EBADFD, Errno.EBADF -> {
                    portGone = true;
                    setLink(false);
                    for (int i = 0; i < pairs.length; i++) {
                        watch(i, false);
                    }
                }
                case Errno.EIO -> {
                    setLink(false);
                    awaitLink();
                }
                default -> {
                    // One frame the port did not take, which its direction has counted.
                }
            }
        }

        /** A TAP device that is set up again says so to those who asked it while it was down: by a new watch. */
        private void awaitLink() {
            for (int i = 0; i < pairs.length; i++) {
                NetPair pair = pairs[i];
                if (pair != null && pair.isWatched) {
                    watch(i, false);
                    watch(i, true);
                }
            }
        }
    }

    private final class Commands implements NetControl.Target {
        @Override
        public void setMac(MacAddress address) {
            mac = address;
        }

        @Override
        public void setFilter(NetFilter filter) {
            onPort(() -> port.setFilter(filter.addresses(mac), filter.allMulticast()));
        }

        @Override
        public boolean setPairs(int count) {
            if (count < 1 || count > pairs.length) {
                return false;
            }
            enablePairs(count);
            return true;
        }

        @Override
        public void setGuestOffloads(long guestOffloads) {
            onPort(() -> port.setOffloads(NetFeature.portOffloads(guestOffloads)));
        }
    }
}
