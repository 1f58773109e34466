package dev.lull.agent.machine;

import dev.lull.device.virtio.DeviceStats;

/**
 * What a machine tells a device in the making.
 *
 * @param stats what the device counts; the machine closes it, after the device
 * @param vcpus how many processors may use the device at a time
 * @param memoryPageBytes the size of the host's pages behind guest RAM
 */
public record DeviceSite(DeviceStats stats, int vcpus, long memoryPageBytes) {}
