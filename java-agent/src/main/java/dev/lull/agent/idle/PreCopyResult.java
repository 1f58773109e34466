package dev.lull.agent.idle;

/**
 * What a finished {@link PreCopyTask} came to.
 *
 * @param pagesBefore pages of 4096 bytes copied while the guest ran, those it wrote again counted again
 * @param pagesInPause pages copied while it was paused
 * @param pauseNanos how long it was paused: until it went on, or until all was copied if it was left paused
 */
public record PreCopyResult(long pagesBefore, long pagesInPause, long pauseNanos) {}
