package dev.lull.device.legacy;

/**
 * A PS/2 keyboard that speaks scan code set 2, of whose keys only Ctrl-Alt-Del are ever pressed: what a driver needs to find
 * one, and no more. What it says to a command goes before the keys.
 *
 * <p>Guarded by its controller's lock.
 */
final class Keyboard {
    private static final int SET_LEDS = 0xED;
    private static final int ECHO = 0xEE;
    private static final int SCAN_CODE_SET = 0xF0;
    private static final int IDENTIFY = 0xF2;
    private static final int SET_RATE = 0xF3;
    private static final int ENABLE = 0xF4;
    private static final int DISABLE = 0xF5;
    private static final int RESET = 0xFF;

    private static final int[] SILENCE = {};
    private static final int[] ACKNOWLEDGED = {0xFA};
    private static final int[] ECHOED = {ECHO};
    private static final int[] IDENTIFIED = {0xFA, 0xAB, 0x83};
    private static final int[] SELF_TEST_PASSED = {0xFA, 0xAA};
    private static final int[] SET_2_IS_IN_USE = {0xFA, 2};

    /** Left Ctrl, left Alt and Delete go down, and up the other way round; E0 extends a code, F0 is a key that goes up. */
    private static final int[] CTRL_ALT_DEL = {0x14, 0x11, 0xE0, 0x71, 0xE0, 0xF0, 0x71, 0xF0, 0x11, 0xF0, 0x14};

    /** As a PC's keyboard has; Linux takes a controller that holds more for none at all. */
    private static final int CAPACITY = 16;

    private final int[] keys = new int[CAPACITY];
    private int keyCount;
    private int[] reply = SILENCE;
    private int replied;
    private boolean scanning = true;

    /** The command that waits for its parameter; 0 if none does. */
    private int commandBegun;

    /** Presses and releases Ctrl-Alt-Del; false, and nothing happened, if nobody listens to the keyboard. */
    boolean pressCtrlAltDel() {
        if (!scanning || keyCount + CTRL_ALT_DEL.length > CAPACITY) {
            return false;
        }
        System.arraycopy(CTRL_ALT_DEL, 0, keys, keyCount, CTRL_ALT_DEL.length);
        keyCount += CTRL_ALT_DEL.length;
        return true;
    }

    boolean hasOutput() {
        return replied < reply.length || keyCount > 0;
    }

    /** The next byte for the host; there is one. */
    int take() {
        if (replied < reply.length) {
            return reply[replied++];
        }
        int next = keys[0];
        keyCount--;
        System.arraycopy(keys, 1, keys, 0, keyCount);
        return next;
    }

    /** The host sends a command or its parameter. */
    void receive(int octet) {
        int command = commandBegun;
        commandBegun = 0;
        if (command != 0 && octet < SET_LEDS) {
            say(command == SCAN_CODE_SET && octet == 0 ? SET_2_IS_IN_USE : ACKNOWLEDGED);
            return;
        }
        switch (octet) {
            case SET_LEDS, SCAN_CODE_SET, SET_RATE -> {
                commandBegun = octet;
                say(ACKNOWLEDGED);
            }
            case ECHO -> say(ECHOED);
            case IDENTIFY -> say(IDENTIFIED);
            case ENABLE -> listen(true, ACKNOWLEDGED);
            case DISABLE -> listen(false, ACKNOWLEDGED);
            case RESET -> listen(true, SELF_TEST_PASSED);
            default -> say(ACKNOWLEDGED);
        }
    }

    /** Forgets the keys nobody has read, as a keyboard does. */
    private void listen(boolean wanted, int[] octets) {
        scanning = wanted;
        keyCount = 0;
        say(octets);
    }

    private void say(int[] octets) {
        reply = octets;
        replied = 0;
    }
}
