/**
 * The scenario {@code perf/scenarios/boot}: how long a stock guest takes to its first process. {@link
 * dev.lull.perf.boot.BootScenario} reports; {@link dev.lull.perf.boot.BootWorker}, where the subjects run, measures, and
 * writes a {@link dev.lull.perf.boot.RunLine} for each run.
 */
package dev.lull.perf.boot;
