/**
 * What a machine's running cost, as tables for people and histograms for tools. Reads {@code machine}'s accounts; knows no
 * command line.
 */
package dev.lull.agent.metrics;
