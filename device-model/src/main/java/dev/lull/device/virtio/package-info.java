/** The core of virtio 1.2: queues, the PCI transport, and what a device type adds. */
package dev.lull.device.virtio;
