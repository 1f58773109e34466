/**
 * The scenarios {@code perf/scenarios/block} and {@code perf/scenarios/net}: what a stock guest gets out of its devices. A
 * {@link dev.lull.perf.load.LoadScenario} reports; a {@link dev.lull.perf.load.LoadWorker}, where the monitors run, has
 * one guest of each do the same work in turn, and writes a {@link dev.lull.perf.load.Sample} for each result.
 */
package dev.lull.perf.load;
