package dev.lull.agent.machine;

import dev.lull.device.pci.PciBus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What holds for all devices of a machine together, whether it starts with them or they come later. */
final class DeviceRoster {
    /** Slot 0 is the host bridge's. */
    static final int MAX_DEVICES = PciBus.SLOTS - 1;

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}");

    private DeviceRoster() {}

    /** @throws ConfigException if not all of {@code devices} can be in one machine */
    static void check(List<DeviceConfig> devices) {
        Map<String, String> owners = new HashMap<>();
        for (DeviceConfig device : devices) {
            String id = device.id();
            if (!ID.matcher(id).matches()) {
                throw new ConfigException(
                        "device id '" + id + "': write letters, digits, '_', '.' and '-', at most 63");
            }
            if (owners.put("id " + id, id) != null) {
                throw new ConfigException("two devices with id " + id + ": give one of them another id");
            }
            for (String claim : device.claims()) {
                String owner = owners.put(claim, id);
                if (owner != null) {
                    throw new ConfigException(
                            "%s and %s both have %s: give one of them another".formatted(owner, id, claim));
                }
            }
        }
        if (devices.size() > MAX_DEVICES) {
            throw new ConfigException(devices.size() + " devices: a machine has slots for " + MAX_DEVICES);
        }
    }
}
