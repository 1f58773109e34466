/** The console device, virtio 1.2 §5.3. */
package dev.lull.device.virtio.console;
