package dev.lull.device.bus;

/** One source of a level-triggered interrupt input, which others may share. Called from any thread; it never blocks. */
public interface LevelLine {
    /** Asserts the interrupt, or withdraws this source's assertion. */
    void set(boolean asserted);
}
