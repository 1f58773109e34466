/** The memory balloon device, virtio 1.2 §5.5. */
package dev.lull.device.virtio.balloon;
