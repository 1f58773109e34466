package dev.lull.device.virtio;

/** Device status and feature negotiation (virtio 1.2 §2.1, §2.2), whatever the transport. Guarded by the transport. */
final class VirtioStatus {
    static final int ACKNOWLEDGE = 1;
    static final int DRIVER = 2;
    static final int DRIVER_OK = 4;
    static final int FEATURES_OK = 8;
    static final int NEEDS_RESET = 64;
    static final int FAILED = 128;

    private static final int DRIVERS_BITS = ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED;
    private static final int WORD_BITS = 32;
    private static final int WORDS = 2;

    private final long offered;
    private long accepted;
    private int bits;

    VirtioStatus(long offered) {
        this.offered = offered;
    }

    /** What the driver reads; 0 means that the device is as it was at first. */
    int bits() {
        return bits;
    }

    boolean has(int bit) {
        return (bits & bit) != 0;
    }

    /** The features both sides have agreed on, once {@link #FEATURES_OK} is set. */
    long features() {
        return accepted;
    }

    /** 32 bits of the features offered; none beyond the second word. */
    int offered(int word) {
        return word >= 0 && word < WORDS ? (int) (offered >>> (WORD_BITS * word)) : 0;
    }

    /** 32 bits of the features the driver accepts. */
    int accepted(int word) {
        return word >= 0 && word < WORDS ? (int) (accepted >>> (WORD_BITS * word)) : 0;
    }

    /** The driver accepts features; it may not change its mind after {@link #FEATURES_OK}. */
    void accept(int word, int features) {
        if (word >= 0 && word < WORDS && !has(FEATURES_OK)) {
            long mask = 0xFFFF_FFFFL << (WORD_BITS * word);
            accepted = (accepted & ~mask) | (((long) features << (WORD_BITS * word)) & mask);
        }
    }

    /**
     * The driver sets status bits. It cannot clear one but by a reset, nor set {@link #FEATURES_OK} for features that do not
     * do.
     *
     * @return whether {@link #DRIVER_OK} is newly set
     * @throws VirtioException if the driver is ready before it has agreed on features
     */
    boolean set(int value) {
        int added = value & ~bits & DRIVERS_BITS;
        if ((added & FEATURES_OK) != 0 && !acceptable()) {
            added &= ~FEATURES_OK;
        }
        if ((added & DRIVER_OK) != 0 && ((bits | added) & FEATURES_OK) == 0) {
            bits |= added & ~DRIVER_OK;
            throw new VirtioException("DRIVER_OK without FEATURES_OK (virtio 1.2 §3.1.1)");
        }
        bits |= added;
        return (added & DRIVER_OK) != 0;
    }

    /** The device has met an error from which only a reset recovers. */
    void needReset() {
        bits |= NEEDS_RESET;
    }

    /** As it was at first. */
    void clear() {
        accepted = 0;
        bits = 0;
    }

    private boolean acceptable() {
        return (accepted & ~offered) == 0 && ((accepted >>> VirtioFeature.VERSION_1) & 1) != 0;
    }
}
