package dev.lull.device.virtio;

import dev.lull.device.pci.PciHeader;
import dev.lull.device.pci.TestMachine;

/**
 * A driver of a virtio device on PCI that knows only its registers (virtio 1.2 §3.1, §4.1). It takes every step a guest's
 * would, and tests can take them out of order.
 */
public final class TestDriver {
    public static final int DEVICE_FEATURE_SELECT = 0;
    public static final int DEVICE_FEATURE = 4;
    public static final int DRIVER_FEATURE_SELECT = 8;
    public static final int DRIVER_FEATURE = 12;
    public static final int CONFIG_MSIX_VECTOR = 16;
    public static final int NUM_QUEUES = 18;
    public static final int DEVICE_STATUS = 20;
    public static final int CONFIG_GENERATION = 21;
    public static final int QUEUE_SELECT = 22;
    public static final int QUEUE_SIZE = 24;
    public static final int QUEUE_MSIX_VECTOR = 26;
    public static final int QUEUE_ENABLE = 28;
    public static final int QUEUE_NOTIFY_OFF = 30;
    public static final int QUEUE_DESC = 32;
    public static final int QUEUE_DRIVER = 40;
    public static final int QUEUE_DEVICE = 48;

    public static final int ACKNOWLEDGE = 1;
    public static final int DRIVER = 2;
    public static final int DRIVER_OK = 4;
    public static final int FEATURES_OK = 8;
    public static final int NEEDS_RESET = 64;

    /** VIRTIO_MSI_NO_VECTOR. */
    public static final int NO_VECTOR = 0xFFFF;

    /** What every driver of a modern device accepts. */
    public static final long VERSION_1 = 1L << VirtioFeature.VERSION_1;

    private static final int VENDOR = 0x09;
    private static final int MSIX = 0x11;
    private static final int MSIX_ENABLE = 0x8000;

    private final TestMachine machine;
    private final int slot;
    private final long commonGpa;
    private final long notifyGpa;
    private final long isrGpa;
    private final long configGpa;
    private final long notifyMultiplier;
    private final int accessCapability;

    /** Finds the structures of the device in {@code slot} and enables its memory. */
    public TestDriver(TestMachine machine, int slot) {
        this.machine = machine;
        this.slot = slot;
        machine.writeConfig(slot, PciHeader.COMMAND, 2, PciHeader.COMMAND_MEMORY | PciHeader.COMMAND_BUS_MASTER);
        commonGpa = structure(capability(1));
        notifyGpa = structure(capability(2));
        notifyMultiplier = machine.readConfig(slot, capability(2) + 16, 4);
        isrGpa = structure(capability(3));
        configGpa = structure(capability(4));
        accessCapability = capability(5);
    }

    /** The offset of the virtio capability of {@code type}. */
    public int capability(int type) {
        int at = machine.capability(slot, VENDOR, 0);
        while (at != 0 && machine.readConfig(slot, at + 3, 1) != type) {
            at = machine.capability(slot, VENDOR, at);
        }
        if (at == 0) {
            throw new AssertionError("no virtio capability " + type);
        }
        return at;
    }

    private long structure(int capability) {
        int bar = PciHeader.BARS + 4 * (int) machine.readConfig(slot, capability + 4, 1);
        return (machine.readConfig(slot, bar, 8) & ~0xFL) + machine.readConfig(slot, capability + 8, 4);
    }

    /** The capability for access through configuration space. */
    public int accessCapability() {
        return accessCapability;
    }

    /** Where common configuration is. */
    public long commonGpa() {
        return commonGpa;
    }

    /** Where queue {@code index} has its doorbell. */
    public long doorbellGpa(int index) {
        select(index);
        return notifyGpa + notifyMultiplier * common(QUEUE_NOTIFY_OFF, 2);
    }

    /** Reads a register of common configuration. */
    public long common(int offset, int sizeBytes) {
        return machine.read(commonGpa + offset, sizeBytes);
    }

    /** Writes a register of common configuration. */
    public void setCommon(int offset, int sizeBytes, long value) {
        machine.write(commonGpa + offset, sizeBytes, value);
    }

    /** Reads device-specific configuration. */
    public long config(int offset, int sizeBytes) {
        return machine.read(configGpa + offset, sizeBytes);
    }

    /** Writes device-specific configuration. */
    public void setConfig(int offset, int sizeBytes, long value) {
        machine.write(configGpa + offset, sizeBytes, value);
    }

    /** Reads, and so clears, the interrupt status. */
    public int isr() {
        return (int) machine.read(isrGpa, 1);
    }

    /** The device status; 0 after a reset. */
    public int status() {
        return (int) common(DEVICE_STATUS, 1);
    }

    /** Whether the device has met an error. */
    public boolean needsReset() {
        return (status() & NEEDS_RESET) != 0;
    }

    /** Adds bits to the device status. */
    public void addStatus(int bits) {
        setCommon(DEVICE_STATUS, 1, status() | bits);
    }

    /** Asks for a reset, which has ended when {@link #status} is 0. */
    public void reset() {
        setCommon(DEVICE_STATUS, 1, 0);
    }

    /** All features the device offers. */
    public long offered() {
        setCommon(DEVICE_FEATURE_SELECT, 4, 0);
        long low = common(DEVICE_FEATURE, 4);
        setCommon(DEVICE_FEATURE_SELECT, 4, 1);
        return low | common(DEVICE_FEATURE, 4) << 32;
    }

    /**
     * Greets the device and accepts exactly {@code features}.
     *
     * @return whether the device does, too
     */
    public boolean negotiate(long features) {
        addStatus(ACKNOWLEDGE);
        addStatus(DRIVER);
        setCommon(DRIVER_FEATURE_SELECT, 4, 0);
        setCommon(DRIVER_FEATURE, 4, features & 0xFFFF_FFFFL);
        setCommon(DRIVER_FEATURE_SELECT, 4, 1);
        setCommon(DRIVER_FEATURE, 4, features >>> 32);
        addStatus(FEATURES_OK);
        return (status() & FEATURES_OK) != 0;
    }

    /** Selects a queue. */
    public void select(int index) {
        setCommon(QUEUE_SELECT, 2, index);
    }

    /** Enables queue {@code index} where {@code queue} lies. */
    public void enable(int index, TestQueue queue) {
        select(index);
        setCommon(QUEUE_SIZE, 2, queue.size());
        setAddress(QUEUE_DESC, queue.descriptorArea());
        setAddress(QUEUE_DRIVER, queue.driverArea());
        setAddress(QUEUE_DEVICE, queue.deviceArea());
        setCommon(QUEUE_ENABLE, 2, 1);
    }

    /** Writes an address of the queue selected, by halves. */
    public void setAddress(int register, long gpa) {
        setCommon(register, 4, gpa & 0xFFFF_FFFFL);
        setCommon(register + 4, 4, gpa >>> 32);
    }

    /** The whole way to DRIVER_OK, with {@code queues} from queue 0 on. */
    public void start(long features, TestQueue... queues) {
        if (!negotiate(features | VERSION_1)) {
            throw new AssertionError("the device refuses features 0x%x".formatted(features));
        }
        for (int i = 0; i < queues.length; i++) {
            enable(i, queues[i]);
        }
        addStatus(DRIVER_OK);
    }

    /** Rings the doorbell of queue {@code index}. */
    public void ring(int index) {
        machine.write(doorbellGpa(index), 2, index);
    }

    /** Enables MSI-X, vector {@code v} sending data {@code v + 1}, all unmasked. */
    public void enableMsix() {
        int at = machine.capability(slot, MSIX, 0);
        long table =
                (machine.readConfig(slot, PciHeader.BARS, 8) & ~0xFL) + (machine.readConfig(slot, at + 4, 4) & ~7L);
        int count = (int) (machine.readConfig(slot, at + 2, 2) & 0x7FF) + 1;
        for (int vector = 0; vector < count; vector++) {
            machine.write(table + 16L * vector, 4, 0xFEE0_0000L);
            machine.write(table + 16L * vector + 8, 4, vector + 1L);
            machine.write(table + 16L * vector + 12, 4, 0);
        }
        machine.writeConfig(slot, at + 2, 2, MSIX_ENABLE);
    }

    /** Gives queue {@code index} an MSI-X vector; what the device then says it is. */
    public int setQueueVector(int index, int vector) {
        select(index);
        setCommon(QUEUE_MSIX_VECTOR, 2, vector);
        return (int) common(QUEUE_MSIX_VECTOR, 2);
    }

    /** Gives configuration changes an MSI-X vector; what the device then says it is. */
    public int setConfigVector(int vector) {
        setCommon(CONFIG_MSIX_VECTOR, 2, vector);
        return (int) common(CONFIG_MSIX_VECTOR, 2);
    }
}
