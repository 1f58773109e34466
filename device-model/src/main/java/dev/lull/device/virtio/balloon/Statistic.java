package dev.lull.device.virtio.balloon;

/** What a guest says about its memory, with the tags of virtio 1.2 §5.5.6.4. */
public enum Statistic {
    /** Memory swapped in, in bytes. */
    SWAP_IN_BYTES(0),
    /** Memory swapped out, in bytes. */
    SWAP_OUT_BYTES(1),
    /** Page faults that needed I/O. */
    MAJOR_FAULTS(2),
    /** Page faults that did not. */
    MINOR_FAULTS(3),
    /** Memory used for nothing, in bytes. */
    FREE_BYTES(4),
    /** Memory the guest has, in bytes. */
    TOTAL_BYTES(5),
    /** Memory that applications can have without swapping, in bytes. */
    AVAILABLE_BYTES(6),
    /** Memory that caches files, in bytes. */
    CACHE_BYTES(7),
    /** Huge pages given to applications. */
    HUGE_PAGES_ALLOCATED(8),
    /** Huge pages refused to applications. */
    HUGE_PAGES_REFUSED(9);

    private final int tag;

    Statistic(int tag) {
        this.tag = tag;
    }

    int tag() {
        return tag;
    }
}
