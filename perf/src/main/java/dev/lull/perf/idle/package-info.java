/**
 * The scenario {@code perf/scenarios/idle}: what work beside a guest costs the guest, and how much of it gets done. {@link
 * dev.lull.perf.idle.IdleScenario} reports; {@link dev.lull.perf.idle.IdleWorker}, which is the monitor too, boots one
 * guest, has it under one load after another, and each time works in turn as each {@link dev.lull.perf.idle.IdleSubject}.
 */
package dev.lull.perf.idle;
