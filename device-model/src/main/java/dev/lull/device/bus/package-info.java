/** Address spaces and interrupt lines: all that a device knows of the machine around it, besides guest memory. */
package dev.lull.device.bus;
