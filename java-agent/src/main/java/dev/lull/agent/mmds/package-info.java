/** The microVM metadata service (MMDS): what a machine's owner tells its guest, by HTTP on the guest's own network. */
package dev.lull.agent.mmds;
