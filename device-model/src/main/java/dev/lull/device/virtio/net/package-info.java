/** The network device (virtio 1.2 §5.1) over a TAP device. */
package dev.lull.device.virtio.net;
