package dev.lull.device.virtio.vsock;

import dev.lull.device.virtio.DescriptorChain;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.VirtioContext;
import dev.lull.device.virtio.VirtioDevice;
import dev.lull.device.virtio.VirtioException;
import dev.lull.device.virtio.Virtqueue;
import dev.lull.linux.LinuxConstants;
import org.jspecify.annotations.Nullable;

/**
 * A socket device (virtio 1.2 §5.10): streams between the guest and programs of the host. A program that connects to the
 * device's Unix socket and writes {@code CONNECT port} is connected to that port of the guest, and reads
 * {@code OK hostport} before all else; the guest's connection to port P of the host goes to the Unix socket
 * {@code path_P}.
 */
public final class VirtioVsock implements VirtioDevice {
    private static final int TYPE = 19;
    private static final int PCI_CLASS = 0x078000;
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;
    private static final int QUEUE_SIZE = 256;
    private static final int EVENT_QUEUE_SIZE = 16;

    /** The most packets moved each way before others of the same loop have a turn. */
    private static final int BATCH_PACKETS = 128;

    /** {@code EPOLLET}: a program that cannot be accepted, for want of descriptors, is no reason to try again at once. */
    private static final int LISTENER_EVENTS = LinuxConstants.EPOLLIN | (int) LinuxConstants.EPOLLET;

    private final VsockConfig config;
    private final VsockStats stats;
    private final VsockListener listener;
    private final VsockRefusals refusals = new VsockRefusals();
    private final VsockHeader incoming = new VsockHeader();
    private final VsockHeader outgoing = new VsockHeader();
    private final DescriptorChain received = new DescriptorChain(QUEUE_SIZE);
    private final DescriptorChain sent = new DescriptorChain(QUEUE_SIZE);

    private @Nullable Active active;

    /**
     * A device that listens at its path.
     *
     * @param stats what it counts in; the caller's
     * @throws VsockException in one clear line, if it cannot listen there
     */
    public VirtioVsock(VsockConfig config, DeviceStats stats) {
        this.config = config;
        this.stats = new VsockStats(stats);
        listener = new VsockListener(config.path());
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public int pciClass() {
        return PCI_CLASS;
    }

    @Override
    public long features() {
        return 0;
    }

    @Override
    public int[] queueSizes() {
        return new int[] {QUEUE_SIZE, QUEUE_SIZE, EVENT_QUEUE_SIZE};
    }

    /** {@code struct virtio_vsock_config}: the guest's context id (virtio 1.2 §5.10.4). */
    @Override
    public long readConfig(int offset, int sizeBytes) {
        if (offset < 0 || offset >= Long.BYTES) {
            return 0;
        }
        long mask = (1L << (8 * sizeBytes)) - 1;
        return (config.cid() >>> (8 * offset)) & mask;
    }

    @Override
    public void activate(VirtioContext context) {
        Virtqueue receive = context.queue(RECEIVE);
        Virtqueue transmit = context.queue(TRANSMIT);
        if (receive == null || transmit == null) {
            throw new VirtioException("a socket device without its queues (virtio 1.2 §5.10.2)");
        }
        Active begun = new Active(context, receive, transmit);
        active = begun;
        context.watch(listener.socket(), LISTENER_EVENTS, mask -> begun.streams.accept(listener));
    }

    @Override
    public void notified(int queue) {
        Active running = active;
        if (running != null) {
            if (queue == TRANSMIT) {
                running.transmit();
            } else if (queue == RECEIVE) {
                running.receive();
            }
        }
    }

    @Override
    public void reset(Runnable quiet) {
        Active ended = active;
        if (ended != null) {
            active = null;
            ended.context.unwatch(listener.socket());
            ended.streams.close();
            refusals.clear();
        }
        quiet.run();
    }

    @Override
    public void close() {
        listener.close();
    }

    /** The device while its driver is ready. */
    private final class Active {
        private final VirtioContext context;
        private final Virtqueue receive;
        private final Virtqueue transmit;
        private final VsockStreams streams;

        /** Whether packets of the guest may wait because resets were too many. */
        private boolean transmitWaits;

        Active(VirtioContext context, Virtqueue receive, Virtqueue transmit) {
            this.context = context;
            this.receive = receive;
            this.transmit = transmit;
            streams = new VsockStreams(config.path(), context, stats, this::send);
        }

        /** The guest has more buffers. */
        private void receive() {
            send();
            if (transmitWaits) {
                transmit();
            }
        }

        /** Takes packets of the guest, then sends what they give rise to. */
        private void transmit() {
            transmit.suppressDoorbells();
            int room = BATCH_PACKETS;
            do {
                while (room > 0 && !refusals.isFull() && transmit.poll(sent)) {
                    long start = System.nanoTime();
                    take();
                    transmit.complete(sent, 0);
                    stats.transmit.record(start, System.nanoTime(), sent.readableBytes() - VsockHeader.BYTES);
                    room--;
                }
                transmitWaits = room == 0 || refusals.isFull();
            } while (!transmitWaits && transmit.armDoorbells());
            transmit.flush();
            send();
            if (room == 0) {
                context.ring(TRANSMIT);
            }
        }

        private void take() {
            if (sent.writableBytes() != 0 || sent.readableBytes() < VsockHeader.BYTES) {
                throw new VirtioException("a packet without a whole header, or writable (virtio 1.2 §5.10.6)");
            }
            incoming.copyFrom(sent);
            if (incoming.lengthBytes() > sent.readableBytes() - VsockHeader.BYTES) {
                throw new VirtioException("a packet's len is more than its buffer holds (virtio 1.2 §5.10.6)");
            }
            if (incoming.sourceCid() != config.cid()) {
                VsockStats.count(stats.spoofed);
                return;
            }
            boolean known =
                    incoming.destinationCid() == VsockHeader.HOST_CID && incoming.type() == VsockHeader.TYPE_STREAM;
            VsockConnection stream = known ? streams.find(incoming.destinationPort(), incoming.sourcePort()) : null;
            if (stream != null) {
                take(stream);
            } else if (incoming.op() != VsockHeader.OP_RST
                    && !(known && incoming.op() == VsockHeader.OP_REQUEST && streams.connect(incoming))) {
                VsockStats.count(stats.refused);
                refusals.add(incoming);
            }
        }

        private void take(VsockConnection stream) {
            if (incoming.op() == VsockHeader.OP_RST) {
                streams.remove(stream);
            } else if (!stream.receive(incoming, sent)) {
                VsockStats.count(stats.violations);
                refusals.add(incoming);
                streams.remove(stream);
            } else if (stream.isClosedByGuest()) {
                refusals.add(incoming);
                streams.remove(stream);
            } else {
                streams.queue(stream);
            }
        }

        /** Sends the guest what there is for it, as far as it has buffers. */
        private void send() {
            receive.suppressDoorbells();
            int room = BATCH_PACKETS;
            while (room > 0 && (!refusals.isEmpty() || streams.hasReady())) {
                if (!receive.poll(received)) {
                    if (!receive.armDoorbells()) {
                        break;
                    }
                    receive.suppressDoorbells();
                    continue;
                }
                if (received.readableBytes() != 0 || received.writableBytes() <= VsockHeader.BYTES) {
                    throw new VirtioException(
                            "a receive buffer without room for a packet, or readable (virtio 1.2 §5.10.6)");
                }
                long start = System.nanoTime();
                int written = writeNext();
                if (written == 0) {
                    receive.undoPoll();
                } else {
                    receive.complete(received, written);
                    stats.receive.record(start, System.nanoTime(), written - VsockHeader.BYTES);
                    room--;
                }
            }
            receive.flush();
            if (room == 0) {
                context.ring(RECEIVE);
            }
        }

        private int writeNext() {
            if (!refusals.isEmpty()) {
                refusals.writeTo(received, outgoing, config.cid());
                return VsockHeader.BYTES;
            }
            VsockConnection stream = streams.takeReady();
            if (stream == null || !stream.hasPacket()) {
                return 0;
            }
            int written = stream.writeTo(received, outgoing, config.cid());
            streams.queue(stream);
            return written;
        }
    }
}
