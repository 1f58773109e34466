/**
 * What it costs a guest to read its counter, and how well it sleeps by it: {@code perf/scenarios/counter}.
 *
 * <p>{@link dev.lull.perf.counter.CounterScenario} reports, {@link dev.lull.perf.counter.CounterWorker} has the guests.
 */
package dev.lull.perf.counter;
