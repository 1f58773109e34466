package dev.lull.agent.control.daemon;

import dev.lull.device.legacy.SerialPort;

/**
 * The last of what a guest sent to its console. The guest's vCPU only stores a byte; readers come when they are told that
 * there is more, each at its own pace, and a slow one misses bytes instead of holding up the guest.
 */
final class ConsoleRing implements SerialPort.Output {
    /** How much is kept, in bytes. */
    static final int CAPACITY_BYTES = 16 << 10;

    private final byte[] ring = new byte[CAPACITY_BYTES];
    private final Runnable onMore;
    private long endPosition;
    private boolean told;

    /** @param onMore told once, on a vCPU's thread, that there are more bytes; and again after the next {@link #read} */
    ConsoleRing(Runnable onMore) {
        this.onMore = onMore;
    }

    @Override
    public void accept(int value) {
        boolean tell;
        synchronized (this) {
            ring[(int) (endPosition % CAPACITY_BYTES)] = (byte) value;
            endPosition++;
            tell = !told;
            told = true;
        }
        if (tell) {
            onMore.run();
        }
    }

    /** Where the oldest byte is that is kept. */
    synchronized long startPosition() {
        return Math.max(0, endPosition - CAPACITY_BYTES);
    }

    /** Where the next byte will be. */
    synchronized long endPosition() {
        return endPosition;
    }

    /** The bytes from {@code position} on, or from the oldest if that is later. */
    synchronized byte[] read(long position) {
        told = false;
        long start = Math.max(position, startPosition());
        byte[] bytes = new byte[(int) (endPosition - start)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = ring[(int) ((start + i) % CAPACITY_BYTES)];
        }
        return bytes;
    }
}
