package dev.lull.device.pci;

import dev.lull.device.bus.LevelLine;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A function of a PCI device: configuration space, base address registers, and its interrupt pin.
 *
 * <p>A device builds its function, hands it to a {@link PciBus} and from then on hears of the guest through its
 * {@link BarRegion}s and the hooks it put into the {@link ConfigSpace}. Accesses to configuration space are under the
 * function's own lock; those to its base address registers' regions are under none.
 */
public final class PciFunction {
    private static final int STATUS_BYTES = 1;

    private final String name;
    private final ConfigSpace config = new ConfigSpace();
    private final CapabilityChain capabilities = new CapabilityChain(config);
    private final IntxPin intx = new IntxPin();
    private final List<Bar> bars = new ArrayList<>();
    private @Nullable AddressDecoder decoder;

    /**
     * A function with a type 0 header and nothing else.
     *
     * @param name for messages
     */
    public PciFunction(String name, PciIdentity identity) {
        this.name = name;
        identity.writeTo(config);
        config.allowWrite(
                PciHeader.COMMAND,
                2,
                PciHeader.COMMAND_BUS_MASTER
                        | PciHeader.COMMAND_PARITY_RESPONSE
                        | PciHeader.COMMAND_SERR
                        | PciHeader.COMMAND_INTX_DISABLE);
        config.allowWrite(PciHeader.CACHE_LINE_SIZE, 1, 0xFF);
        config.allowWrite(PciHeader.INTERRUPT_LINE, 1, 0xFF);
        config.onWrite(PciHeader.COMMAND, 2, this::commandWritten);
    }

    /** For messages. */
    public String name() {
        return name;
    }

    /** Configuration space, to be filled before the function is plugged. */
    public ConfigSpace config() {
        return config;
    }

    /** The capability lists, likewise. */
    public CapabilityChain capabilities() {
        return capabilities;
    }

    /**
     * Adds a base address register.
     *
     * @param index 0 to 5; one of 64 bits takes the next, too
     * @param sizeBytes a power of two, at least 16 (4 of I/O)
     */
    public void addBar(int index, BarKind kind, long sizeBytes, BarRegion region) {
        Bar bar = new Bar(config, index, kind, sizeBytes, region);
        bars.add(bar);
        config.allowWrite(PciHeader.COMMAND, 1, commandMask() | kind.commandBit());
        config.onWrite(bar.offset(), bar.registerBytes(), this::decode);
    }

    /** Makes the function use INTA#, and gives the pin. */
    public IntxPin addIntx() {
        config.set(PciHeader.INTERRUPT_PIN, 1, 1);
        config.answer(PciHeader.STATUS, STATUS_BYTES, new ConfigRegisters() {
            @Override
            public long read(int offset, int sizeBytes) {
                long pending = intx.status() ? PciHeader.STATUS_INTERRUPT : 0;
                return config.get(PciHeader.STATUS, STATUS_BYTES) | pending;
            }

            @Override
            public void write(int offset, int sizeBytes, long value) {
                // All of the status register's low byte is read-only.
            }
        });
        return intx;
    }

    /** The pin, of use to a function that called {@link #addIntx}. */
    IntxPin intx() {
        return intx;
    }

    /** A guest's read of configuration space; see {@link ConfigSpace#read}. */
    synchronized long read(int offset, int sizeBytes) {
        return config.read(offset, sizeBytes);
    }

    /** A guest's write to configuration space; see {@link ConfigSpace#write}. */
    synchronized void write(int offset, int sizeBytes, long value) {
        config.write(offset, sizeBytes, value);
    }

    /** Puts the function on a bus, its base address registers free to decode. */
    synchronized void attach(AddressDecoder newDecoder, LevelLine line) {
        decoder = newDecoder;
        intx.connect(line);
        decode();
    }

    /** Takes the function off its bus: its regions and its interrupt pin are gone. No effect on one that is on none. */
    public synchronized void detach() {
        AddressDecoder old = decoder;
        decoder = null;
        if (old != null) {
            intx.connect(null);
            bars.forEach(bar -> old.move(bar, Bar.NOWHERE));
        }
    }

    /** The base address registers; the list does not change once the function is plugged. */
    List<Bar> bars() {
        return bars;
    }

    /** The addresses its base address registers of {@code space} hold, decoded or not. */
    synchronized void addAddresses(boolean io, List<AddressWindow> taken) {
        for (Bar bar : bars) {
            long address = bar.address();
            if ((bar.kind() == BarKind.IO) == io && address >= 0 && address <= Long.MAX_VALUE - bar.sizeBytes()) {
                taken.add(new AddressWindow(address, bar.sizeBytes()));
            }
        }
    }

    private void commandWritten() {
        intx.setDisabled((config.get(PciHeader.COMMAND, 2) & PciHeader.COMMAND_INTX_DISABLE) != 0);
        decode();
    }

    private void decode() {
        if (decoder != null) {
            for (int i = 0; i < bars.size(); i++) {
                Bar bar = bars.get(i);
                decoder.move(bar, bar.decodedAddress());
            }
        }
    }

    private int commandMask() {
        int mask = PciHeader.COMMAND_BUS_MASTER | PciHeader.COMMAND_PARITY_RESPONSE;
        for (Bar bar : bars) {
            mask |= bar.kind().commandBit();
        }
        return mask;
    }
}
