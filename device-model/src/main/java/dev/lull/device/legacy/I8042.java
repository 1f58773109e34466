package dev.lull.device.legacy;

import dev.lull.device.bus.InterruptLine;
import dev.lull.device.bus.IoRegion;

/**
 * The keyboard controller of a PC, with a keyboard on its first port and none on its second, at ports 0x60 and 0x64. By it the
 * guest hears of Ctrl-Alt-Del, and resets its processor.
 *
 * <p>It does not translate scan codes, and says so. Its own answers go before what the keyboard has to say, and are polled for:
 * only the keyboard interrupts.
 */
public final class I8042 implements IoRegion {
    /** First port. */
    public static final int PORT = 0x60;

    /** Ports from 0x60 to the command register at 0x64. */
    public static final int LENGTH_BYTES = 5;

    /** The global system interrupt of the keyboard. */
    public static final int KEYBOARD_GSI = 1;

    private static final int DATA = 0;
    private static final int COMMAND = 4;

    private static final int STATUS_OUTPUT_FULL = 1;
    private static final int STATUS_COMMAND_LAST = 1 << 3;
    private static final int STATUS_UNLOCKED = 1 << 4;

    private static final int READ_CONTROL = 0x20;
    private static final int WRITE_CONTROL = 0x60;
    private static final int TEST_SECOND_PORT = 0xA9;
    private static final int SELF_TEST = 0xAA;
    private static final int TEST_KEYBOARD_PORT = 0xAB;
    private static final int DISABLE_KEYBOARD = 0xAD;
    private static final int ENABLE_KEYBOARD = 0xAE;
    private static final int READ_OUTPUT_PORT = 0xD0;
    private static final int WRITE_OUTPUT_PORT = 0xD1;
    private static final int LOOP_KEYBOARD = 0xD2;
    private static final int LOOP_SECOND_PORT = 0xD3;
    private static final int WRITE_SECOND_PORT = 0xD4;
    private static final int PULSE_RESET = 0xFE;

    private static final int CONTROL_INTERRUPT = 1;
    private static final int CONTROL_SELF_TESTED = 1 << 2;
    private static final int CONTROL_KEYBOARD_DISABLED = 1 << 4;
    private static final int CONTROL_TRANSLATE = 1 << 6;

    private static final int SELF_TEST_PASSED = 0x55;
    private static final int PORT_WORKS = 0;
    private static final int CLOCK_LINE_STUCK = 1;

    /** The processor is not reset, and address line 20 is on. */
    private static final int OUTPUT_PORT = 3;

    private static final int NOTHING = -1;

    private final Runnable onReset;
    private final InterruptLine interrupt;
    private final Keyboard keyboard = new Keyboard();
    private int control = CONTROL_INTERRUPT | CONTROL_SELF_TESTED;

    /** What half of all accesses read: without the lock. */
    private volatile int status = STATUS_UNLOCKED | CONTROL_SELF_TESTED;

    /** The controller's own answer that was not read yet, or {@link #NOTHING}. */
    private int answer = NOTHING;

    /** The command whose data byte is to come, or {@link #NOTHING}. */
    private int commandBegun = NOTHING;

    private boolean commandLast;
    private boolean raised;

    /**
     * A controller as firmware leaves it.
     *
     * @param onReset called on a vCPU thread when the guest pulses the reset line
     * @param interrupt pulsed for each byte of the keyboard's
     */
    public I8042(Runnable onReset, InterruptLine interrupt) {
        this.onReset = onReset;
        this.interrupt = interrupt;
    }

    /**
     * Presses and releases Ctrl-Alt-Del; from any thread.
     *
     * @return false if nobody listens: a driver keeps the keyboard off, or keys pressed before were never read
     */
    public synchronized boolean pressCtrlAltDel() {
        boolean pressed = keyboard.pressCtrlAltDel();
        raised &= !pressed;
        update();
        return pressed;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        if (offset == COMMAND) {
            return status;
        }
        return offset == DATA ? takeOutput() : 0;
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        int octet = (int) value & 0xFF;
        if (offset == COMMAND && octet == PULSE_RESET) {
            onReset.run();
        } else if (offset == COMMAND) {
            command(octet);
        } else if (offset == DATA) {
            data(octet);
        }
    }

    private synchronized int takeOutput() {
        int octet = 0;
        if (answer != NOTHING) {
            octet = answer;
            answer = NOTHING;
        } else if (keyboardSpeaks()) {
            octet = keyboard.take();
            raised = false;
        }
        update();
        return octet;
    }

    private boolean keyboardSpeaks() {
        return (control & CONTROL_KEYBOARD_DISABLED) == 0 && keyboard.hasOutput();
    }

    private synchronized void command(int octet) {
        commandLast = true;
        commandBegun = NOTHING;
        switch (octet) {
            case READ_CONTROL -> answer = control;
            case SELF_TEST -> answer = SELF_TEST_PASSED;
            case TEST_KEYBOARD_PORT -> answer = PORT_WORKS;
            case TEST_SECOND_PORT -> answer = CLOCK_LINE_STUCK;
            case READ_OUTPUT_PORT -> answer = OUTPUT_PORT;
            case DISABLE_KEYBOARD -> control |= CONTROL_KEYBOARD_DISABLED;
            case ENABLE_KEYBOARD -> control &= ~CONTROL_KEYBOARD_DISABLED;
            case WRITE_CONTROL, WRITE_OUTPUT_PORT, LOOP_KEYBOARD, LOOP_SECOND_PORT, WRITE_SECOND_PORT ->
                commandBegun = octet;
            default -> {
                // Of the second port, or of no keyboard controller.
            }
        }
        update();
    }

    private synchronized void data(int octet) {
        commandLast = false;
        int command = commandBegun;
        commandBegun = NOTHING;
        switch (command) {
            case NOTHING -> keyboard.receive(octet);
            case WRITE_CONTROL -> control = octet & ~CONTROL_TRANSLATE;
            case LOOP_KEYBOARD, LOOP_SECOND_PORT -> answer = octet;
            default -> {
                // There is nothing behind the other lines.
            }
        }
        update();
    }

    /** Interrupts when a byte of the keyboard's has come to be read, or its interrupt was enabled meanwhile. */
    private void update() {
        boolean speaks = keyboardSpeaks();
        status = STATUS_UNLOCKED
                | (control & CONTROL_SELF_TESTED)
                | (commandLast ? STATUS_COMMAND_LAST : 0)
                | (speaks || answer != NOTHING ? STATUS_OUTPUT_FULL : 0);
        boolean wanted = speaks && (control & CONTROL_INTERRUPT) != 0;
        if (wanted && !raised) {
            interrupt.pulse();
        }
        raised = wanted;
    }
}
