import org.jspecify.annotations.NullMarked;

/** The device hypervisor: buses and devices. A device knows guest memory and an interrupt line, not KVM. */
@NullMarked
module dev.lull.device {
    requires transitive dev.lull.bindings;
    requires transitive org.agrona;
    requires transitive HdrHistogram;
    requires static org.jspecify;

    exports dev.lull.device.backend;
    exports dev.lull.device.bus;
    exports dev.lull.device.loop;
    exports dev.lull.device.memory;
    exports dev.lull.device.legacy;
    exports dev.lull.device.pci;
    exports dev.lull.device.virtio;
    exports dev.lull.device.virtio.net;
    exports dev.lull.device.virtio.block;
    exports dev.lull.device.virtio.balloon;
    exports dev.lull.device.virtio.console;
    exports dev.lull.device.virtio.rng;
    exports dev.lull.device.virtio.vsock;
}
