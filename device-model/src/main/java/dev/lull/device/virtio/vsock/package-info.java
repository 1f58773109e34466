/** The socket device (virtio 1.2 §5.10), whose streams are Unix sockets of the host. */
package dev.lull.device.virtio.vsock;
