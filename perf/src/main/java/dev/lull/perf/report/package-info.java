/** What every scenario does with its numbers: a table, JSON, HdrHistogram logs and a page of plots. */
package dev.lull.perf.report;
