package dev.lull.device.virtio.net;

/**
 * What a network device is to be.
 *
 * @param mac the guest's address, until the guest chooses another
 * @param standby whether the guest is to use the device only while a faster one with the same address is away
 *     (VIRTIO_NET_F_STANDBY)
 */
public record NetConfig(MacAddress mac, boolean standby) {}
