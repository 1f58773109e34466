/** The scenario {@code perf/scenarios/exit}: what one exit to the monitor and back costs. */
package dev.lull.perf.exit;
