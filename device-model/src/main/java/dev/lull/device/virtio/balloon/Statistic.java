package dev.lull.device.virtio.balloon;

/** What a guest says about its memory, with the tags of virtio 1.2 §5.5.6.4 and, from 10 on, of Linux 6.12's virtio_balloon.h. */
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
    HUGE_PAGES_REFUSED(9),
    /** Times a process was killed for want of memory. */
    OOM_KILLS(10),
    /** Allocations that had to wait until memory was reclaimed. */
    ALLOCATION_STALLS(11),
    /** Memory looked at in the background to be reclaimed, in bytes. */
    ASYNC_SCANNED_BYTES(12),
    /** Memory that processes in need of some looked at, in bytes. */
    DIRECT_SCANNED_BYTES(13),
    /** Memory reclaimed in the background, in bytes. */
    ASYNC_RECLAIMED_BYTES(14),
    /** Memory reclaimed by processes in need of some, in bytes. */
    DIRECT_RECLAIMED_BYTES(15);

    private final int tag;

    Statistic(int tag) {
        this.tag = tag;
    }

    int tag() {
        return tag;
    }
}
