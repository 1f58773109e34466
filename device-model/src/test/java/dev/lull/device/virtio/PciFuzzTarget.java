package dev.lull.device.virtio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.lull.device.fuzz.Bytes;
import dev.lull.device.loop.EventLoop;
import dev.lull.device.pci.BarKind;
import dev.lull.device.pci.BarRegion;
import dev.lull.device.pci.ConfigPorts;
import dev.lull.device.pci.PciBus;
import dev.lull.device.pci.PciFunction;
import dev.lull.device.pci.PciHeader;
import dev.lull.device.pci.PciIdentity;
import dev.lull.device.pci.TestMachine;

/**
 * A hostile guest before a virtio device on PCI: it does to configuration space, base address registers, MSI-X, the
 * transport's registers and the queue whatever its input says. Whatever that is, nothing is thrown at the vCPU, the function
 * next to it and a chip beside the bus answer as ever, and a reset makes the device whole.
 */
final class PciFuzzTarget implements AutoCloseable {
    private static final int SLOT = 1;
    private static final int BYSTANDER_SLOT = 2;
    private static final long CHIP_GPA = 0xFEC0_0000L;
    private static final long HOME_GPA = TestMachine.LOW_WINDOW.start() + 0x100_0000L;
    private static final int MAGIC = 0x600D_F00D;
    private static final int USED_INDEX = 2;
    private static final int[] SIZES = {1, 2, 4, 8};
    private static final long[] ADDRESSES = {
        0,
        0x1000,
        TestMachine.LOW_WINDOW.start(),
        HOME_GPA,
        TestMachine.LOW_WINDOW.start() + TestMachine.LOW_WINDOW.lengthBytes() - 0x4000,
        CHIP_GPA,
        TestMachine.ECAM_GPA,
        TestMachine.HIGH_WINDOW.start(),
        0xFFFF_0000L,
        -1,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    /** Answers with one value to everything. */
    private record Constant(int value) implements BarRegion {
        @Override
        public long read(long offset, int sizeBytes) {
            return value;
        }

        @Override
        public void write(long offset, int sizeBytes, long written) {}
    }

    private final TestGuest guest = new TestGuest();
    private final TestQueue queue = new TestQueue(guest, 8);
    private final EventLoop loop = new EventLoop("fuzz", PciFuzzTarget::refuse);
    private final TestMachine machine = new TestMachine();
    private final EchoDevice device = new EchoDevice();
    private final VirtioPci pci = new VirtioPci(
            "target",
            device,
            loop,
            new VirtioPciHost(
                    guest.memory(), machine.interrupts(), machine.doorbells(), (name, cause) -> judge(cause)));
    private final long bystanderGpa;
    private final long[] configAtFirst = new long[256 / Long.BYTES];

    private int activations;
    private int served;
    private int broken;

    PciFuzzTarget() {
        PciFunction bystander = new PciFunction("bystander", new PciIdentity(1, 2, 3, 4, 5, 6));
        bystander.addBar(0, BarKind.MEMORY_32, 0x1000, new Constant(MAGIC));
        machine.memory().add(CHIP_GPA, 0x1000, new Constant(~MAGIC));
        machine.bus().plug(SLOT, pci.function());
        machine.bus().plug(BYSTANDER_SLOT, bystander);
        machine.writeConfig(BYSTANDER_SLOT, PciHeader.COMMAND, 2, PciHeader.COMMAND_MEMORY);
        bystanderGpa = machine.readConfig(BYSTANDER_SLOT, PciHeader.BARS, 4);
        restore();
        for (int i = 0; i < configAtFirst.length; i++) {
            configAtFirst[i] = machine.readConfig(SLOT, Long.BYTES * i, Long.BYTES);
        }
    }

    /** How often a device was started, served a request, and was broken by its guest. */
    String summary() {
        return "%d activated, %d served, %d broken".formatted(activations, served, broken);
    }

    /** Whether inputs have come as far as they should. */
    boolean wentDeep() {
        return activations > 0 && served > 0 && broken > 0;
    }

    /** Plays one input. */
    void run(byte[] input) {
        Bytes bytes = new Bytes(input);
        while (bytes.hasMore()) {
            step(bytes);
        }
        check(machine.read(bystanderGpa + 8, 4) == MAGIC, "the bystander does not answer");
        check(machine.readConfig(BYSTANDER_SLOT, 0, 4) == 0x0002_0001, "the bystander has changed");
        check(machine.read(CHIP_GPA, 4) == (~MAGIC & 0xFFFF_FFFFL), "the chip does not answer");
        count();
        restore();
        for (int i = 0; i < configAtFirst.length; i++) {
            check(machine.readConfig(SLOT, Long.BYTES * i, Long.BYTES) == configAtFirst[i], "it is not as it was");
        }
    }

    @Override
    public void close() {
        machine.bus().unplug(SLOT);
        pci.close();
        check(machine.doorbellCount() == 0, "a doorbell is left");
        machine.close();
        loop.close();
    }

    /** Undoes what a guest can do, as another guest would that finds the machine like this. */
    private void restore() {
        home();
        TestDriver driver = new TestDriver(machine, SLOT);
        driver.reset();
        for (int turns = 0; driver.status() != 0; turns++) {
            check(turns < 10, "the device cannot be reset");
            turn();
        }
        turn();
        int msix = machine.capability(SLOT, 0x11, 0);
        machine.writeConfig(SLOT, msix + 2, 2, 0);
        for (int dword = 0; dword < 3 * 4; dword++) {
            machine.write(HOME_GPA + 0x4000 + 4L * dword, 4, dword % 4 == 3 ? 1 : 0);
        }
        int access = driver.accessCapability();
        machine.writeConfig(SLOT, access + 4, 1, 0);
        machine.writeConfig(SLOT, access + 8, 8, 0);
        machine.writeConfig(SLOT, PciHeader.COMMAND, 2, 0);
        machine.writeConfig(SLOT, PciHeader.CACHE_LINE_SIZE, 1, 0);
        machine.writeConfig(SLOT, PciHeader.INTERRUPT_LINE, 1, 0);
        check(machine.doorbellCount() == 0, "a doorbell is left");
        check(!machine.isAsserted(SLOT), "the interrupt pin is left asserted");
        queue.reset();
        device.events().clear();
    }

    private void step(Bytes bytes) {
        switch (bytes.octet() % 13) {
            case 0 -> machine.readConfig(slot(bytes), bytes.word() & 0xFFF, size(bytes));
            case 1 -> machine.writeConfig(slot(bytes), bytes.word() & 0xFFF, size(bytes), bytes.qword());
            case 2 -> ports(bytes);
            case 3 -> machine.read(bar() + (bytes.word() & 0x7FFF), size(bytes));
            case 4 -> machine.write(bar() + (bytes.word() & 0x7FFF), size(bytes), bytes.dword());
            case 5 -> common(bytes);
            case 6 -> move(bytes);
            case 7 -> start(bytes);
            case 8 -> memory(bytes);
            case 9 -> request(bytes);
            case 10 -> msix(bytes);
            case 11 -> unplug(bytes);
            default -> turn();
        }
    }

    /** Any slot but the bystander's, mostly the device's. */
    private static int slot(Bytes bytes) {
        int octet = bytes.octet();
        return octet < 0xF0 ? SLOT : (octet & 0xF) * 2 + 1;
    }

    private static int size(Bytes bytes) {
        return SIZES[bytes.octet() % SIZES.length];
    }

    /** Where the guest put the device; elsewhere if that is configuration space, which has the bystander's, too. */
    private long bar() {
        long gpa = machine.readConfig(SLOT, PciHeader.BARS, 8) & ~0xFL;
        boolean isEcam = gpa + 0x8000 > TestMachine.ECAM_GPA && gpa < TestMachine.ECAM_GPA + PciBus.ECAM_BYTES;
        return isEcam ? CHIP_GPA : gpa;
    }

    private void ports(Bytes bytes) {
        int port = ConfigPorts.PORT + bytes.octet() % ConfigPorts.LENGTH_BYTES;
        if ((bytes.octet() & 1) == 0) {
            machine.writePort(ConfigPorts.PORT, 4, 0x8000_0000L | ((long) slot(bytes) << 11) | bytes.octet());
            machine.writePort(port | 4, SIZES[bytes.octet() % 3], bytes.dword());
        } else {
            machine.readPort(port, SIZES[bytes.octet() % 3]);
        }
    }

    /** An access to a register of common configuration, as wide as it is. */
    private void common(Bytes bytes) {
        int[] registers = {0, 4, 8, 12, 16, 18, 20, 21, 22, 24, 26, 28, 30, 32, 36, 40, 44, 48, 52};
        int offset = registers[bytes.octet() % registers.length];
        int size = offset < 16 || offset >= 32 ? 4 : offset == 20 || offset == 21 ? 1 : 2;
        machine.write(bar() + offset, size, bytes.dword());
    }

    private void move(Bytes bytes) {
        long address = ADDRESSES[bytes.octet() % ADDRESSES.length] + 0x1000L * (byte) bytes.octet();
        int how = bytes.octet();
        if ((how & 1) != 0) {
            machine.writeConfig(SLOT, PciHeader.COMMAND, 2, 0);
        }
        machine.writeConfig(SLOT, PciHeader.BARS, 4, address & 0xFFFF_FFFFL);
        machine.writeConfig(SLOT, PciHeader.BARS + 4, 4, address >>> 32);
        if ((how & 2) != 0) {
            machine.writeConfig(SLOT, PciHeader.COMMAND, 2, PciHeader.COMMAND_MEMORY | PciHeader.COMMAND_IO);
        }
    }

    /** The right way, with a feature or an address of the input's. */
    private void start(Bytes bytes) {
        home();
        TestDriver driver = new TestDriver(machine, SLOT);
        int how = bytes.octet();
        driver.negotiate(TestDriver.VERSION_1 | ((how & 3L) << VirtioFeature.INDIRECT_DESC) | ((how & 4L) << 3));
        driver.enable(0, queue);
        if ((how & 0x10) != 0) {
            driver.select(1);
            driver.setAddress(TestDriver.QUEUE_DRIVER, bytes.qword());
            driver.setCommon(TestDriver.QUEUE_ENABLE, 2, 1);
        }
        if ((how & 0x20) != 0) {
            driver.enableMsix();
        }
        driver.setConfigVector(bytes.octet());
        driver.setQueueVector(0, bytes.octet());
        driver.addStatus(TestDriver.DRIVER_OK);
        turn();
    }

    private void home() {
        machine.writeConfig(SLOT, PciHeader.COMMAND, 2, 0);
        machine.writeConfig(SLOT, PciHeader.BARS, 8, HOME_GPA);
    }

    private void memory(Bytes bytes) {
        long[] areas = {queue.descriptorArea(), queue.driverArea(), queue.deviceArea()};
        long gpa = areas[bytes.octet() % areas.length] + (bytes.octet() & 0x3F);
        guest.at(gpa, 1).set(JAVA_BYTE, 0, (byte) bytes.octet());
    }

    /** A request of a readable and a writable buffer, of the guest's or of the input's. */
    private void request(Bytes bytes) {
        int how = bytes.octet();
        long gpa = (how & 1) == 0 ? 0x800 : bytes.qword();
        queue.descriptor(0, gpa, (how & 2) == 0 ? 16 : (int) bytes.dword(), TestQueue.NEXT | (bytes.octet() & how), 1);
        queue.descriptor(1, 0x900, 16, TestQueue.WRITE, 0);
        queue.publish((how & 4) == 0 ? 0 : bytes.octet());
        machine.write(bar() + 0x3000, (how & 8) == 0 ? 2 : size(bytes), bytes.octet());
        turn();
    }

    private void msix(Bytes bytes) {
        machine.write(bar() + 0x4000 + 4L * (bytes.octet() % 13), 4, bytes.octet() & 3);
        machine.writeConfig(SLOT, machine.capability(SLOT, 0x11, 0) + 2, 2, bytes.octet() << 14);
        machine.read(bar() + 0x5000, 8);
    }

    /** The function goes, and comes back. */
    private void unplug(Bytes bytes) {
        machine.bus().unplug(SLOT);
        if ((bytes.octet() & 1) != 0) {
            turn();
        }
        machine.readConfig(SLOT, 0, 4);
        machine.bus().plug(SLOT, pci.function());
    }

    private void turn() {
        loop.wakeUp();
        loop.doWork();
    }

    private void count() {
        for (String event : device.events()) {
            activations += event.startsWith("activate") ? 1 : 0;
        }
        served += queue.used().get(JAVA_SHORT, USED_INDEX) != 0 ? 1 : 0;
    }

    private void judge(Throwable cause) {
        broken++;
        if (!(cause instanceof VirtioException) && !EchoDevice.MISTAKE.equals(cause.getMessage())) {
            refuse(cause);
        }
    }

    private static void refuse(Throwable cause) {
        throw new AssertionError("neither the guest's doing nor the device's", cause);
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new AssertionError(message);
        }
    }
}
