package dev.lull.device.pci;

import dev.lull.device.bus.IoBus;
import dev.lull.device.bus.IoRegion;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Root bus 0: a host bridge in slot 0, and 31 slots for devices of one function each, which come and go while the guest
 * runs.
 *
 * <p>vCPUs find a function without a lock, and then meet only at that function's own.
 */
public final class PciBus {
    /** Slots, with the host bridge's. */
    public static final int SLOTS = 32;

    /** What {@link #ecam} takes: bus 0 alone (PCIe 5.0 §7.2.2). */
    public static final long ECAM_BYTES = 1 << 20;

    private static final long BELOW_4_GIB = 1L << 32;
    private static final int FUNCTION_BITS = 3;
    private static final int ECAM_FUNCTION_SHIFT = 12;

    private final PciResources resources;
    private final AddressDecoder decoder;
    private final AtomicReferenceArray<@Nullable PciFunction> slots = new AtomicReferenceArray<>(SLOTS);
    private final IoRegion configPorts = new Ports();
    private final IoRegion ecam = new Ecam();

    /** A bus with nothing on it but the host bridge. */
    public PciBus(PciResources resources) {
        this.resources = resources;
        this.decoder = new AddressDecoder(resources);
        slots.set(0, HostBridge.create());
    }

    /** What to put at {@link ConfigPorts#PORT}. */
    public IoRegion configPorts() {
        return configPorts;
    }

    /** The enhanced configuration access mechanism, {@link #ECAM_BYTES} of guest-physical addresses. */
    public IoRegion ecam() {
        return ecam;
    }

    /**
     * Puts {@code function} into the first free slot and gives its base address registers addresses.
     *
     * @return the slot
     * @throws PciException if there is no slot or no address left
     */
    public synchronized int plug(PciFunction function) {
        for (int slot = 1; slot < SLOTS; slot++) {
            if (slots.get(slot) == null) {
                plug(slot, function);
                return slot;
            }
        }
        throw new PciException("%s: all %d slots of the PCI bus are taken".formatted(function.name(), SLOTS - 1));
    }

    /** As {@link #plug(PciFunction)}, into a given slot. */
    public synchronized void plug(int slot, PciFunction function) {
        PciFunction other = slots.get(slot);
        if (other != null) {
            throw new PciException("%s: slot %d is taken by %s".formatted(function.name(), slot, other.name()));
        }
        for (Bar bar : function.bars()) {
            bar.setAddress(firstFree(bar, function));
        }
        function.attach(decoder, resources.intx().apply(slot));
        slots.set(slot, function);
    }

    /**
     * Takes the function out of {@code slot}: its regions are off the buses, its addresses free. A vCPU may still be inside
     * an access to it.
     *
     * @return null if there was none
     */
    public synchronized @Nullable PciFunction unplug(int slot) {
        PciFunction function = slots.getAndSet(slot, null);
        if (function != null) {
            function.detach();
        }
        return function;
    }

    /** What is in {@code slot}, 0 to 31. */
    public @Nullable PciFunction function(int slot) {
        return slots.get(slot);
    }

    /** @param deviceFunction slot in bits 3 to 7, function in bits 0 to 2 */
    long read(int bus, int deviceFunction, int offset, int sizeBytes) {
        PciFunction function = select(bus, deviceFunction);
        return function == null ? IoBus.FLOATING : function.read(offset, sizeBytes);
    }

    /** As {@link #read}. */
    void write(int bus, int deviceFunction, int offset, int sizeBytes, long value) {
        PciFunction function = select(bus, deviceFunction);
        if (function != null) {
            function.write(offset, sizeBytes, value);
        }
    }

    private @Nullable PciFunction select(int bus, int deviceFunction) {
        boolean exists = bus == 0 && (deviceFunction & ((1 << FUNCTION_BITS) - 1)) == 0;
        return exists ? slots.get(deviceFunction >>> FUNCTION_BITS) : null;
    }

    private long firstFree(Bar bar, PciFunction newcomer) {
        List<AddressWindow> taken = new ArrayList<>();
        boolean io = bar.kind() == BarKind.IO;
        for (int slot = 0; slot < SLOTS; slot++) {
            PciFunction function = slots.get(slot);
            if (function != null) {
                function.addAddresses(io, taken);
            }
        }
        newcomer.addAddresses(io, taken);
        for (AddressWindow window : resources.windows(bar.kind())) {
            long address = window.firstFree(bar.sizeBytes(), taken);
            if (address >= 0 && (bar.kind().registers() == 2 || address + bar.sizeBytes() <= BELOW_4_GIB)) {
                return address;
            }
        }
        throw new PciException("%s: no 0x%x bytes of %s addresses are left for it"
                .formatted(newcomer.name(), bar.sizeBytes(), io ? "port" : "PCI memory"));
    }

    /** The ports through which any register of the bus is reached. */
    final class Ports extends ConfigPorts {
        @Override
        long readConfig(int bus, int deviceFunction, int offset, int sizeBytes) {
            return PciBus.this.read(bus, deviceFunction, offset, sizeBytes);
        }

        @Override
        void writeConfig(int bus, int deviceFunction, int offset, int sizeBytes, long value) {
            PciBus.this.write(bus, deviceFunction, offset, sizeBytes, value);
        }
    }

    private final class Ecam implements IoRegion {
        @Override
        public long read(long offset, int sizeBytes) {
            int register = (int) offset & (ConfigSpace.SIZE_BYTES - 1);
            return PciBus.this.read(0, (int) (offset >>> ECAM_FUNCTION_SHIFT), register, sizeBytes);
        }

        @Override
        public void write(long offset, int sizeBytes, long value) {
            int register = (int) offset & (ConfigSpace.SIZE_BYTES - 1);
            PciBus.this.write(0, (int) (offset >>> ECAM_FUNCTION_SHIFT), register, sizeBytes, value);
        }
    }
}
