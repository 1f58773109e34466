package dev.lull.device.legacy;

import dev.lull.device.bus.InterruptLine;
import dev.lull.device.bus.IoRegion;

/**
 * A 16550A UART, National Semiconductor PC16550D data sheet: both directions, FIFOs, interrupts, loop-back.
 *
 * <p>Transmission is instantaneous. Received bytes wait in a buffer of the receiver's own; a full one is refused, so
 * that the source slows down instead of bytes getting lost. The guest's side runs on vCPU threads, the receiver on
 * another; they meet under this object's lock, which no one holds across a call that blocks, save {@code output}.
 */
public final class SerialPort implements IoRegion {
    /** First port of COM1. */
    public static final int COM1_PORT = 0x3F8;

    /** The global system interrupt of COM1. */
    public static final int COM1_GSI = 4;

    /** Eight byte registers. */
    public static final int LENGTH_BYTES = 8;

    /** Takes what the guest sends, one byte at a time, in order, on a vCPU thread. */
    @FunctionalInterface
    public interface Output {
        /** The guest sent {@code value}, 0–255. */
        void accept(int value);
    }

    private static final int DATA = 0;
    private static final int INTERRUPT_ENABLE = 1;
    private static final int INTERRUPT_ID = 2;
    private static final int LINE_CONTROL = 3;
    private static final int MODEM_CONTROL = 4;
    private static final int LINE_STATUS = 5;
    private static final int MODEM_STATUS = 6;
    private static final int SCRATCH = 7;

    private static final int ENABLE_RECEIVED = 1;
    private static final int ENABLE_TRANSMIT_EMPTY = 2;
    private static final int ENABLE_LINE_STATUS = 4;
    private static final int ENABLE_MASK = 0xF;

    private static final int ID_NONE = 1;
    private static final int ID_TRANSMIT_EMPTY = 2;
    private static final int ID_RECEIVED = 4;
    private static final int ID_LINE_STATUS = 6;
    private static final int ID_FIFOS_ENABLED = 0xC0;

    private static final int FIFO_ENABLE = 1;
    private static final int FIFO_CLEAR_RECEIVER = 2;

    private static final int DIVISOR_ACCESS = 0x80;

    private static final int MODEM_OUT2 = 8;
    private static final int MODEM_LOOP = 0x10;

    private static final int STATUS_DATA_READY = 1;
    private static final int STATUS_OVERRUN = 2;
    private static final int STATUS_TRANSMIT_EMPTY = 0x60;

    private static final int MODEM_CTS = 0x10;
    private static final int MODEM_DSR = 0x20;
    private static final int MODEM_DCD = 0x80;

    private static final int FIFO_BYTES = 16;
    private static final int BUFFER_BYTES = 4096;

    private final Output output;
    private final InterruptLine interrupt;

    private final byte[] received = new byte[BUFFER_BYTES];
    private int receivedHead;
    private int receivedCount;

    private int divisor = 12;
    private int interruptEnable;
    private int fifoControl;
    private int lineControl = 3;
    private int modemControl;
    private int scratch;
    private boolean transmitEmptyPending;
    private boolean overrun;
    private boolean raised;

    /**
     * A port as it is after reset, 9600 baud 8N1.
     *
     * @param interrupt pulsed when the interrupt output rises
     */
    public SerialPort(Output output, InterruptLine interrupt) {
        this.output = output;
        this.interrupt = interrupt;
    }

    /**
     * Gives the guest bytes to read. Waits while it does not read them.
     *
     * @throws InterruptedException if the calling thread is interrupted while it waits; earlier bytes were given
     */
    public synchronized void receive(byte[] bytes, int offset, int lengthBytes) throws InterruptedException {
        for (int i = 0; i < lengthBytes; i++) {
            while (receivedCount == BUFFER_BYTES) {
                wait();
            }
            append(bytes[offset + i]);
            updateInterrupt();
        }
    }

    @Override
    public synchronized long read(long offset, int sizeBytes) {
        return switch ((int) offset) {
            case DATA -> divisorAccess() ? divisor & 0xFF : takeReceived();
            case INTERRUPT_ENABLE -> divisorAccess() ? divisor >>> 8 : interruptEnable;
            case INTERRUPT_ID -> takeInterruptId();
            case LINE_CONTROL -> lineControl;
            case MODEM_CONTROL -> modemControl;
            case LINE_STATUS -> takeLineStatus();
            case MODEM_STATUS -> modemStatus();
            case SCRATCH -> scratch;
            default -> 0;
        };
    }

    @Override
    public synchronized void write(long offset, int sizeBytes, long value) {
        int octet = (int) value & 0xFF;
        switch ((int) offset) {
            case DATA -> {
                if (divisorAccess()) {
                    divisor = (divisor & 0xFF00) | octet;
                } else {
                    transmit(octet);
                }
            }
            case INTERRUPT_ENABLE -> {
                if (divisorAccess()) {
                    divisor = (divisor & 0xFF) | (octet << 8);
                } else {
                    enableInterrupts(octet & ENABLE_MASK);
                }
            }
            case INTERRUPT_ID -> controlFifos(octet);
            case LINE_CONTROL -> lineControl = octet;
            case MODEM_CONTROL -> {
                modemControl = octet & 0x1F;
                updateInterrupt();
            }
            case SCRATCH -> scratch = octet;
            default -> {
                // Line and modem status are read-only.
            }
        }
    }

    private void transmit(int octet) {
        if ((modemControl & MODEM_LOOP) != 0) {
            if (receivedCount == FIFO_BYTES) {
                overrun = true;
            } else {
                append((byte) octet);
            }
        } else {
            output.accept(octet);
        }
        transmitEmptyPending = true;
        // The holding register was full for an instant: a falling edge, then a rising one.
        raised = false;
        updateInterrupt();
    }

    private void enableInterrupts(int enable) {
        boolean transmitNewlyEnabled = (enable & ~interruptEnable & ENABLE_TRANSMIT_EMPTY) != 0;
        interruptEnable = enable;
        if (transmitNewlyEnabled) {
            transmitEmptyPending = true;
            raised = false;
        }
        updateInterrupt();
    }

    private void controlFifos(int control) {
        fifoControl = control & FIFO_ENABLE;
        if ((control & FIFO_CLEAR_RECEIVER) != 0) {
            receivedHead = 0;
            receivedCount = 0;
            notifyAll();
        }
        updateInterrupt();
    }

    private int takeReceived() {
        if (receivedCount == 0) {
            return 0;
        }
        int octet = received[receivedHead] & 0xFF;
        receivedHead = (receivedHead + 1) % BUFFER_BYTES;
        if (receivedCount-- == BUFFER_BYTES) {
            notifyAll();
        }
        if (receivedCount > 0) {
            raised = false;
        }
        updateInterrupt();
        return octet;
    }

    private int takeInterruptId() {
        int id = interruptId();
        if (id == ID_TRANSMIT_EMPTY) {
            transmitEmptyPending = false;
            updateInterrupt();
        }
        return id | ((fifoControl & FIFO_ENABLE) != 0 ? ID_FIFOS_ENABLED : 0);
    }

    private int takeLineStatus() {
        int status =
                STATUS_TRANSMIT_EMPTY | (receivedCount > 0 ? STATUS_DATA_READY : 0) | (overrun ? STATUS_OVERRUN : 0);
        overrun = false;
        return status;
    }

    private int modemStatus() {
        if ((modemControl & MODEM_LOOP) != 0) {
            // DTR→DSR, RTS→CTS, OUT1→RI, OUT2→DCD.
            return ((modemControl & 1) << 5)
                    | ((modemControl & 2) << 3)
                    | ((modemControl & 4) << 4)
                    | ((modemControl & 8) << 4);
        }
        return MODEM_CTS | MODEM_DSR | MODEM_DCD;
    }

    private int interruptId() {
        if (overrun && (interruptEnable & ENABLE_LINE_STATUS) != 0) {
            return ID_LINE_STATUS;
        }
        if (receivedCount > 0 && (interruptEnable & ENABLE_RECEIVED) != 0) {
            return ID_RECEIVED;
        }
        if (transmitEmptyPending && (interruptEnable & ENABLE_TRANSMIT_EMPTY) != 0) {
            return ID_TRANSMIT_EMPTY;
        }
        return ID_NONE;
    }

    private void updateInterrupt() {
        // On a PC the interrupt leaves the chip through a gate that OUT2 opens; loop-back disconnects OUT2.
        boolean gateOpen = (modemControl & (MODEM_OUT2 | MODEM_LOOP)) == MODEM_OUT2;
        boolean wanted = gateOpen && interruptId() != ID_NONE;
        if (wanted && !raised) {
            interrupt.pulse();
        }
        raised = wanted;
    }

    private boolean divisorAccess() {
        return (lineControl & DIVISOR_ACCESS) != 0;
    }

    private void append(byte octet) {
        received[(receivedHead + receivedCount) % BUFFER_BYTES] = octet;
        receivedCount++;
    }
}
