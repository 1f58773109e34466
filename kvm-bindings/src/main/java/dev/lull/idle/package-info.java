/** The opportunistic worker of the native core: steps of work on a processor whose guests all rest. */
package dev.lull.idle;
