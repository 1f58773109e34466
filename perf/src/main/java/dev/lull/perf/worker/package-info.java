/**
 * What scenarios with whole guests share: a worker, where the subjects run, measures and writes lines; {@link
 * dev.lull.perf.worker.Rounds} starts it, and anew when the lab stands still.
 */
package dev.lull.perf.worker;
