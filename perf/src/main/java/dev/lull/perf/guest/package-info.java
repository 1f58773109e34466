/** A guest in the process that measures. */
package dev.lull.perf.guest;
