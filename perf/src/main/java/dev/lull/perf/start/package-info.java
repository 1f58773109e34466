/** The scenario {@code perf/scenarios/start}: how soon the package's lulld serves, and what it weighs. */
package dev.lull.perf.start;
