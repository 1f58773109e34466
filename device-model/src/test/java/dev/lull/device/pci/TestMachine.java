package dev.lull.device.pci;

import dev.lull.device.bus.Doorbells;
import dev.lull.device.bus.IoBus;
import dev.lull.device.bus.LevelLine;
import dev.lull.device.bus.MessageInterrupts;
import dev.lull.linux.EventFd;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A PCI bus, the buses below it, and what a hypervisor does for a device's doorbells and interrupts. */
public final class TestMachine implements AutoCloseable {
    /** Where the enhanced configuration access mechanism is. */
    public static final long ECAM_GPA = 0xE000_0000L;

    /** Where memory base address registers decode. */
    public static final AddressWindow LOW_WINDOW = new AddressWindow(0xC000_0000L, 0x1000_0000L);

    /** Where large ones do. */
    public static final AddressWindow HIGH_WINDOW = new AddressWindow(1L << 40, 1L << 40);

    /** Where those of I/O do. */
    public static final AddressWindow PORT_WINDOW = new AddressWindow(0x1000, 0x1000);

    private record Doorbell(long gpa, int lengthBytes) {}

    private final IoBus memory = new IoBus("guest-physical address");
    private final IoBus ports = new IoBus("port");
    private final IoBus.View memoryView = memory.view();
    private final IoBus.View portView = ports.view();
    private final Map<Doorbell, EventFd> attached = new ConcurrentHashMap<>();
    private final List<TestInterrupt> interrupts = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger[] lines = new AtomicInteger[PciBus.SLOTS];
    private final PciBus bus;

    /** A machine with nothing but a host bridge. */
    public TestMachine() {
        for (int slot = 0; slot < PciBus.SLOTS; slot++) {
            lines[slot] = new AtomicInteger();
        }
        bus = new PciBus(
                new PciResources(memory, ports, List.of(LOW_WINDOW, HIGH_WINDOW), List.of(PORT_WINDOW), this::newLine));
        ports.add(ConfigPorts.PORT, ConfigPorts.LENGTH_BYTES, bus.configPorts());
        memory.add(ECAM_GPA, PciBus.ECAM_BYTES, bus.ecam());
    }

    /** The PCI bus. */
    public PciBus bus() {
        return bus;
    }

    /** Guest-physical addresses outside RAM. */
    public IoBus memory() {
        return memory;
    }

    /** Opens interrupts that {@link #interrupt} finds. */
    public MessageInterrupts interrupts() {
        return name -> {
            TestInterrupt interrupt = new TestInterrupt(name);
            interrupts.add(interrupt);
            return interrupt;
        };
    }

    /** The interrupt opened as {@code name}. */
    public TestInterrupt interrupt(String name) {
        return interrupts.stream()
                .filter(interrupt -> interrupt.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Signals like the kernel, for writes that come through {@link #write}. */
    public Doorbells doorbells() {
        return new Doorbells() {
            @Override
            public void attach(long gpa, int lengthBytes, EventFd event) {
                if (attached.putIfAbsent(new Doorbell(gpa, lengthBytes), event) != null) {
                    throw new IllegalStateException("two doorbells at one address");
                }
            }

            @Override
            public void detach(long gpa, int lengthBytes, EventFd event) {
                if (!attached.remove(new Doorbell(gpa, lengthBytes), event)) {
                    throw new IllegalStateException("no such doorbell");
                }
            }
        };
    }

    /** The number of doorbells attached. */
    public int doorbellCount() {
        return attached.size();
    }

    /** Whether INTA# of {@code slot} is asserted. */
    public boolean isAsserted(int slot) {
        return lines[slot].get() != 0;
    }

    /** A guest's read of memory-mapped I/O. */
    public long read(long gpa, int sizeBytes) {
        return memoryView.read(gpa, sizeBytes) & mask(sizeBytes);
    }

    /** A guest's write to memory-mapped I/O. */
    public void write(long gpa, int sizeBytes, long value) {
        EventFd event = attached.get(new Doorbell(gpa, sizeBytes));
        if (event != null) {
            event.signal();
        } else {
            memoryView.write(gpa, sizeBytes, value & mask(sizeBytes));
        }
    }

    /** A guest's read of a port. */
    public long readPort(long port, int sizeBytes) {
        return portView.read(port, sizeBytes) & mask(sizeBytes);
    }

    /** A guest's write to a port. */
    public void writePort(long port, int sizeBytes, long value) {
        portView.write(port, sizeBytes, value & mask(sizeBytes));
    }

    /** A read of the configuration space of {@code slot} through the enhanced mechanism. */
    public long readConfig(int slot, int offset, int sizeBytes) {
        return read(ECAM_GPA + (slot << 15) + offset, sizeBytes);
    }

    /** A write, likewise. */
    public void writeConfig(int slot, int offset, int sizeBytes, long value) {
        write(ECAM_GPA + (slot << 15) + offset, sizeBytes, value);
    }

    /** The offset of the first capability {@code id} of {@code slot} from {@code after} on (0: from the start); 0 if none. */
    public int capability(int slot, int id, int after) {
        int at = (int) readConfig(slot, after == 0 ? PciHeader.CAPABILITIES_POINTER : after + 1, 1);
        while (at != 0 && readConfig(slot, at, 1) != id) {
            at = (int) readConfig(slot, at + 1, 1);
        }
        return at;
    }

    @Override
    public void close() {
        interrupts.forEach(TestInterrupt::close);
    }

    private LevelLine newLine(int slot) {
        return asserted -> lines[slot].addAndGet(asserted ? 1 : -1);
    }

    private static long mask(int sizeBytes) {
        return -1L >>> (64 - 8 * sizeBytes);
    }
}
