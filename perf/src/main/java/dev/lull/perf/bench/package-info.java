/** What the measurements of single calls and exits share, and the JMH benchmarks of them. */
package dev.lull.perf.bench;
