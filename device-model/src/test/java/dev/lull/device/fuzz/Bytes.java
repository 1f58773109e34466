package dev.lull.device.fuzz;

/** A fuzz input read as numbers, zero behind its end. */
public final class Bytes {
    private final byte[] input;
    private int next;

    /** Reads {@code input} from its start. */
    public Bytes(byte[] input) {
        this.input = input;
    }

    /** Whether there is anything left. */
    public boolean hasMore() {
        return next < input.length;
    }

    /** 8 bits. */
    public int octet() {
        return next < input.length ? input[next++] & 0xFF : 0;
    }

    /** 16 bits. */
    public int word() {
        return octet() | octet() << 8;
    }

    /** 32 bits. */
    public long dword() {
        return word() | (long) word() << 16;
    }

    /** 64 bits. */
    public long qword() {
        return dword() | dword() << 32;
    }
}
