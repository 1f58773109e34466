package dev.lull.device.virtio.vsock;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.lull.device.fuzz.Bytes;
import dev.lull.device.virtio.DeviceStats;
import dev.lull.device.virtio.TestContext;
import dev.lull.device.virtio.TestGuest;
import dev.lull.device.virtio.TestQueue;
import dev.lull.device.virtio.VirtioException;
import dev.lull.linux.Fd;
import dev.lull.linux.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A hostile guest before a socket device, and programs of the host that come, write, read and go at any time. Nothing but a
 * {@link VirtioException} leaves the device, and a reset makes it whole.
 */
final class VsockFuzzTarget implements AutoCloseable {
    private static final int FIRST_HOST_PORT = 1 << 30;

    private final TestGuest guest = new TestGuest();
    private final VsockDriver driver = new VsockDriver(guest);
    private final MemorySegment buffer = Arena.ofAuto().allocate(8192);
    private final MemorySegment connectLine = Arena.ofAuto().allocateFrom("CONNECT 7\n");
    private final Path path;
    private final VirtioVsock device;
    private final Fd listening;
    private final TestContext context;
    private final List<Fd> programs = new ArrayList<>();

    private long inputs;
    private long packets;
    private long accepted;
    private long broken;
    private long answers;

    VsockFuzzTarget(Path directory) {
        path = directory.resolve("v");
        device = new VirtioVsock(new VsockConfig(VsockDriver.CID, path), DeviceStats.inMemory("fuzz", 16));
        listening = UnixSocket.listen(path + "_1", 64);
        context = new TestContext(guest, 0, driver.receive, driver.transmit, driver.events);
    }

    void run(byte[] input) {
        Bytes bytes = new Bytes(input);
        context.activate(device);
        driver.restart(bytes.octet());
        try {
            while (bytes.hasMore()) {
                step(bytes);
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
        programs.forEach(Fd::close);
        programs.clear();
        accept();
        programs.forEach(Fd::close);
        programs.clear();
        driver.receive.reset();
        driver.transmit.reset();
        inputs++;
    }

    private void step(Bytes bytes) {
        int operation = bytes.octet();
        switch (operation % 16) {
            case 0, 1, 2, 3, 4, 5, 6 -> packet(bytes);
            case 7 -> {
                int index = bytes.octet() % VsockDriver.SLOTS;
                TestQueue queue = bytes.octet() % 2 == 0 ? driver.receive : driver.transmit;
                queue.descriptor(
                        index, bytes.dword() % (17 << 20), bytes.word(), bytes.octet() % 8, bytes.octet() % 34);
                queue.publish(index);
            }
            case 8 -> device.notified(bytes.octet() % 3);
            case 9 -> context.turn();
            case 10 -> accept();
            case 11 -> {
                if (programs.size() < 4) {
                    Fd program = UnixSocket.connect(path.toString());
                    programs.add(program);
                    program.write(connectLine.asSlice(0, bytes.octet() % 16 == 0 ? 5 : 10));
                    context.turn();
                }
            }
            case 12 -> {
                if (!programs.isEmpty()) {
                    program(bytes).write(buffer.asSlice(0, 1 + bytes.word() % 8000));
                    context.turn();
                }
            }
            case 13 -> {
                if (!programs.isEmpty()) {
                    program(bytes).read(buffer);
                    context.turn();
                }
            }
            case 14 -> {
                if (!programs.isEmpty()) {
                    Fd program = program(bytes);
                    if (bytes.octet() % 2 == 0) {
                        program.close();
                        programs.remove(program);
                    } else {
                        UnixSocket.shutdownWrite(program);
                    }
                    context.turn();
                }
            }
            default -> {
                while (driver.receive.takeUsed() != null) {
                    answers++;
                }
            }
        }
    }

    private Fd program(Bytes bytes) {
        return programs.get(bytes.octet() % programs.size());
    }

    private void packet(Bytes bytes) {
        if (!driver.hasSlot()) {
            return;
        }
        int flags = bytes.octet();
        int hostPort = (flags & 1) == 0 ? 1 : FIRST_HOST_PORT + bytes.octet() % 4;
        int length = (flags & 2) == 0 ? 0 : bytes.word() % VsockDriver.PAYLOAD_BYTES;
        MemorySegment packet = driver.newPacket(hostPort, 7 + ((flags >> 2) & 1), bytes.octet() % 9, length);
        packet.set(JAVA_INT_UNALIGNED, 32, bytes.octet() % 5);
        packet.set(JAVA_INT_UNALIGNED, 36, (flags & 8) == 0 ? 65536 : (int) bytes.dword());
        packet.set(JAVA_INT_UNALIGNED, 40, (flags & 16) == 0 ? 0 : bytes.word());
        if ((flags & 0xe0) == 0xe0) {
            packet.set(JAVA_LONG_UNALIGNED, bytes.octet() % 5 * 8L, bytes.qword());
            packet.set(JAVA_SHORT_UNALIGNED, 28 + bytes.octet() % 2 * 2L, (short) bytes.word());
        }
        driver.publish(length);
        device.notified(1);
        packets++;
    }

    private void accept() {
        int number = UnixSocket.accept(listening);
        while (number >= 0) {
            programs.add(new Fd(number, "program"));
            accepted++;
            number = UnixSocket.accept(listening);
        }
    }

    /** Whether the inputs have come as far as they should. */
    boolean wentDeep() {
        return broken > 0 && accepted > 0 && answers > 0;
    }

    String summary() {
        return "%d inputs: %d packets, %d streams accepted, %d broke the device"
                .formatted(inputs, packets, accepted, broken);
    }

    @Override
    public void close() {
        device.close();
        listening.close();
        context.close();
    }
}
