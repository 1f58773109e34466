package dev.lull.device.virtio.block;

import org.jspecify.annotations.Nullable;

/** All requests there are, made as they are needed, and which of them nobody uses. Used on the device's loop. */
final class BlockRequestPool {
    private final BlockRequest[] made;
    private final BlockRequest[] free;
    private int madeCount;
    private int freeCount;

    /** @param capacity the most requests at a time, and the most pieces of each */
    BlockRequestPool(int capacity) {
        made = new BlockRequest[capacity];
        free = new BlockRequest[capacity];
    }

    /** The request with this number, which was made before. */
    BlockRequest get(int slot) {
        return made[slot];
    }

    /** A request nobody uses, to be {@link #take taken} if there is use for it; null if there is none. */
    @Nullable
    BlockRequest next() {
        if (freeCount == 0) {
            if (madeCount == made.length) {
                return null;
            }
            made[madeCount] = new BlockRequest(madeCount, made.length);
            free[freeCount++] = made[madeCount++];
        }
        return free[freeCount - 1];
    }

    /** Takes what {@link #next} returned. */
    void take() {
        freeCount--;
    }

    /** Gives back one that was taken. */
    void giveBack(BlockRequest request) {
        free[freeCount++] = request;
    }

    /** Whether one was given back that nobody uses yet. */
    boolean hasFree() {
        return freeCount > 0;
    }

    /** Gives back all. */
    void reset() {
        System.arraycopy(made, 0, free, 0, madeCount);
        freeCount = madeCount;
    }
}
