package dev.lull.device.virtio.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.lull.device.fuzz.Bytes;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.RateLimiter;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.VirtioException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A hostile guest before a network device: it fills three queues with whatever its input says, while frames come. Nothing
 * but a {@link VirtioException} leaves the device, a device next to it still passes frames, and a reset makes it whole.
 */
final class NetFuzzTarget implements AutoCloseable {
    private static final int QUEUE_SIZE = 8;
    private static final int AREA_BYTES = 1 << 20;
    private static final int CONTROL = 2;
    private static final byte[] FRAME = new byte[NetQueue.HEADER_BYTES + 60];
    private static final long[] FEATURES = {
        NetFeature.ALWAYS, 0, NetFeature.CTRL_VQ | NetFeature.CTRL_RX, NetFeature.MRG_RXBUF | NetFeature.CTRL_VQ
    };

    private final TestGuest guest = new TestGuest();
    private final long area = guest.allocate(AREA_BYTES, 4096);
    private final TestQueue[] queues = {
        new TestQueue(guest, QUEUE_SIZE), new TestQueue(guest, QUEUE_SIZE), new TestQueue(guest, QUEUE_SIZE)
    };
    private final PacketPort port = new PacketPort(1);
    private final EchoDetour detour = new EchoDetour();
    private final VirtioNet device = device(port, detour);
    private final TestContext[] contexts = new TestContext[FEATURES.length];

    private final TestQueue bystanderQueue = new TestQueue(guest, QUEUE_SIZE);
    private final PacketPort bystanderPort = new PacketPort(1);
    private final VirtioNet bystander = device(bystanderPort, null);
    private final TestContext bystanderContext = new TestContext(
            guest, 0, new TestQueue(guest, QUEUE_SIZE), bystanderQueue, new TestQueue(guest, QUEUE_SIZE));
    private final int bystanderHead;

    private long inputs;
    private long frames;
    private long commands;
    private long broken;

    NetFuzzTarget() {
        for (int i = 0; i < contexts.length; i++) {
            contexts[i] = new TestContext(guest, FEATURES[i], queues);
        }
        bystanderContext.activate(bystander);
        bystanderHead = bystanderQueue.chain().readable(FRAME).publish();
        passBystanderFrame();
    }

    private static VirtioNet device(FramePort port, @Nullable FrameDetour detour) {
        return new VirtioNet(
                new NetConfig(MacAddress.parse("02:00:00:00:00:01"), false, 1500),
                port,
                RateLimiter.unlimited(),
                RateLimiter.unlimited(),
                DeviceStats.inMemory("fuzz", 32),
                detour);
    }

    void run(byte[] input) {
        Bytes bytes = new Bytes(input);
        TestContext context = contexts[bytes.octet() % contexts.length];
        context.activate(device);
        try {
            while (bytes.hasMore()) {
                step(context, bytes);
            }
        } catch (VirtioException e) {
            broken++;
        } catch (AssertionError e) {
            // What a handler threw, by way of the loop.
            if (!(e.getCause() instanceof VirtioException)) {
                throw e;
            }
            broken++;
        }
        device.reset(() -> {});
        context.unwatchAll();
        for (TestQueue queue : queues) {
            queue.reset();
        }
        port.drain();
        port.requests.clear();
        if (++inputs % 1000 == 0) {
            bystanderQueue.publish(bystanderHead);
            passBystanderFrame();
        }
    }

    private void step(TestContext context, Bytes bytes) {
        int operation = bytes.octet();
        TestQueue queue = queues[bytes.octet() % queues.length];
        switch (operation % 8) {
            case 0 ->
                queue.descriptor(
                        bytes.octet() % QUEUE_SIZE, gpa(bytes), length(bytes), bytes.octet() % 8, bytes.octet() % 10);
            case 1 -> queue.publish(bytes.octet() % 10);
            case 2 -> device.notified(bytes.octet() % 4);
            case 3 -> context.turn();
            case 4 -> frame(bytes, context);
            case 5 -> command(bytes);
            case 6 -> {
                MemorySegment at = guest.at(area + bytes.octet(), 16);
                for (int i = 0; i < NetQueue.HEADER_BYTES; i++) {
                    at.set(JAVA_BYTE, i, (byte) bytes.octet());
                }
                at.set(JAVA_BYTE, NetQueue.HEADER_BYTES, bytes.octet() % 2 == 0 ? EchoDetour.MARK : 0);
            }
            default -> {
                device.readConfig(bytes.word(), 1 << (bytes.octet() % 3));
                device.writeConfig(bytes.word(), 1 << (bytes.octet() % 3), bytes.dword());
            }
        }
    }

    private long gpa(Bytes bytes) {
        return switch (bytes.octet() % 5) {
            case 0, 1, 2 -> area + bytes.word();
            case 3 -> TestGuest.LOW_END_GPA - bytes.octet();
            default -> bytes.qword();
        };
    }

    private static int length(Bytes bytes) {
        return switch (bytes.octet() % 4) {
            case 0 -> bytes.octet();
            case 1 -> bytes.word();
            case 2 -> 70_000;
            default -> (int) bytes.dword();
        };
    }

    private void frame(Bytes bytes, TestContext context) {
        port.trySend(guest.at(area, 1 + bytes.word()));
        frames++;
        context.turn();
    }

    /** A command whose class, command and data are the input's. */
    private void command(Bytes bytes) {
        int length = bytes.octet() % 64;
        MemorySegment data = guest.at(area, length + 1L);
        for (int i = 0; i < length; i++) {
            data.set(JAVA_BYTE, i, (byte) (i < 2 ? bytes.octet() % 7 : bytes.octet()));
        }
        queues[CONTROL].descriptor(0, area, length, TestQueue.NEXT, 1);
        queues[CONTROL].descriptor(1, area + 100, 1, TestQueue.WRITE, 0);
        queues[CONTROL].publish(0);
        device.notified(CONTROL);
        commands++;
    }

    private void passBystanderFrame() {
        bystander.notified(1);
        byte[] received = bystanderPort.receive(0);
        if (received == null || received.length != FRAME.length || bystanderQueue.takeUsed() == null) {
            throw new AssertionError("the device next to it passes no frame");
        }
    }

    /** Whether the inputs have come as far as they should. */
    boolean wentDeep() {
        return broken > 0 && frames > 0 && commands > 0 && detour.taken > 0;
    }

    String summary() {
        return "%d inputs: %d frames, %d by a detour, and %d commands, %d broke the device"
                .formatted(inputs, frames, detour.taken, commands, broken);
    }

    @Override
    public void close() {
        device.close();
        bystander.close();
        bystanderContext.close();
        for (TestContext context : contexts) {
            context.close();
        }
    }
}
