package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.lull.kvm.KvmLayout.IrqRoutingEntry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Where each global system interrupt of a VM goes: pins of the interrupt chips, or a message to the local APICs. Takes effect
 * by {@link VmFd#setGsiRouting}, which replaces the whole table.
 */
public final class GsiRouting {
    /** The most entries KVM takes on x86, and one more than the largest GSI. */
    public static final int CAPACITY = 4096;

    private static final int IO_APIC_PINS = 24;
    private static final int PIC_PINS = 8;

    private final MemorySegment table =
            Arena.ofAuto().allocate(KvmLayout.IrqRouting.SIZE + (long) CAPACITY * IrqRoutingEntry.SIZE, 8);
    private int count;

    /** Empties the table, but for what {@code KVM_CREATE_IRQCHIP} routes: each GSI to its pin of I/O APIC and PICs. */
    public void reset() {
        count = 0;
        for (int gsi = 0; gsi < IO_APIC_PINS; gsi++) {
            addPin(gsi, KvmConstants.KVM_IRQCHIP_IOAPIC, gsi);
            if (gsi < PIC_PINS) {
                addPin(gsi, KvmConstants.KVM_IRQCHIP_PIC_MASTER, gsi);
            } else if (gsi < 2 * PIC_PINS) {
                addPin(gsi, KvmConstants.KVM_IRQCHIP_PIC_SLAVE, gsi - PIC_PINS);
            }
        }
    }

    /**
     * Routes a GSI to a message.
     *
     * @param gsi from 24 on; below are the pins
     * @param address as a device would write to it (PCI 3.0 §6.8.1)
     * @param data what it would write
     * @throws IndexOutOfBoundsException if the table is full
     */
    public void addMessage(int gsi, long address, int data) {
        long entry = add(gsi, KvmConstants.KVM_IRQ_ROUTING_MSI);
        table.set(JAVA_INT, entry + IrqRoutingEntry.U__MSI__ADDRESS_LO, (int) address);
        table.set(JAVA_INT, entry + IrqRoutingEntry.U__MSI__ADDRESS_HI, (int) (address >>> 32));
        table.set(JAVA_INT, entry + IrqRoutingEntry.U__MSI__DATA, data);
    }

    /** The table as KVM reads it. */
    MemorySegment table() {
        table.set(JAVA_INT, KvmLayout.IrqRouting.NR, count);
        return table;
    }

    private void addPin(int gsi, int chip, int pin) {
        long entry = add(gsi, KvmConstants.KVM_IRQ_ROUTING_IRQCHIP);
        table.set(JAVA_INT, entry + IrqRoutingEntry.U__IRQCHIP__IRQCHIP, chip);
        table.set(JAVA_INT, entry + IrqRoutingEntry.U__IRQCHIP__PIN, pin);
    }

    private long add(int gsi, int type) {
        long entry = KvmLayout.IrqRouting.SIZE + (long) Objects.checkIndex(count, CAPACITY) * IrqRoutingEntry.SIZE;
        count++;
        table.asSlice(entry, IrqRoutingEntry.SIZE).fill((byte) 0);
        table.set(JAVA_INT, entry + IrqRoutingEntry.GSI, gsi);
        table.set(JAVA_INT, entry + IrqRoutingEntry.TYPE, type);
        return entry;
    }
}
