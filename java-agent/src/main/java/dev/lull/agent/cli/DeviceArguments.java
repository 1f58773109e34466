package dev.lull.agent.cli;

import dev.lull.agent.devices.BalloonConfig;
import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import dev.lull.agent.devices.RngConfig;
import dev.lull.agent.devices.SocketConfig;
import dev.lull.agent.devices.TapConfig;
import dev.lull.agent.machine.DeviceConfig;
import dev.lull.device.virtio.net.MacAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The devices {@code lull run} and others are asked for, as they were written. A device that was given no id is named by its kind and
 * number, from 0 on.
 *
 * @param disks of each {@code --disk}
 * @param networks of each {@code --net}
 * @param vsock of {@code --vsock}; null if it was not given
 * @param rng of {@code --rng}, empty without settings; null if it was not given
 * @param balloon of {@code --balloon}; null if it was not given
 */
public record DeviceArguments(
        List<String> disks,
        List<String> networks,
        @Nullable String vsock,
        @Nullable String rng,
        @Nullable String balloon) {
    boolean isEmpty() {
        return disks.isEmpty() && networks.isEmpty() && vsock == null && rng == null && balloon == null;
    }

    /**
     * The devices, in the order of their slots.
     *
     * @throws IllegalArgumentException with a message for the user if they are not well-formed
     * @throws dev.lull.agent.machine.ConfigException if they ask for what cannot be
     */
    List<DeviceConfig> configs() {
        List<DeviceConfig> configs = new ArrayList<>();
        for (int i = 0; i < disks.size(); i++) {
            configs.add(disk(disks.get(i), "disk" + i));
        }
        for (int i = 0; i < networks.size(); i++) {
            configs.add(network(networks.get(i), "net" + i));
        }
        if (vsock != null) {
            configs.add(sockets(vsock, "vsock0"));
        }
        if (rng != null) {
            configs.add(entropy(rng, "rng0"));
        }
        if (balloon != null) {
            configs.add(balloon(balloon, "balloon0"));
        }
        return List.copyOf(configs);
    }

    /**
     * A disk.
     *
     * @param text of {@code --disk}
     * @param otherwise its id unless {@code text} gives one
     * @throws IllegalArgumentException with a message for the user if {@code text} is not well-formed
     */
    public static DiskConfig disk(String text, String otherwise) {
        Settings settings = Settings.parse(
                "--disk",
                text,
                List.of("path", "id", "serial", "queues", "rate", "ops", "burst"),
                List.of("readonly", "direct"));
        String id = settings.text("id", otherwise);
        return new DiskConfig(
                id,
                Path.of(settings.required("path")),
                settings.text("serial", DiskConfig.serialOf(id)),
                settings.has("readonly"),
                settings.has("direct"),
                queues(settings),
                rate(settings));
    }

    /**
     * A network device.
     *
     * @param text of {@code --net}
     * @param otherwise its id unless {@code text} gives one
     * @throws IllegalArgumentException with a message for the user if {@code text} is not well-formed
     */
    public static TapConfig network(String text, String otherwise) {
        Settings settings = Settings.parse(
                "--net",
                text,
                List.of("tap", "user-tap", "id", "mac", "queues", "rate", "ops", "burst"),
                List.of("user-tap"));
        boolean create = settings.has("user-tap");
        if (create == settings.has("tap")) {
            throw settings.refusal("give either tap=NAME, which exists, or user-tap, which is made for the guest");
        }
        String name = create ? settings.text("user-tap", "") : settings.required("tap");
        String mac = settings.text("mac");
        RateLimit eachWay = rate(settings);
        return new TapConfig(
                settings.text("id", otherwise),
                name.isEmpty() ? TapConfig.CREATED_NAME : name,
                create,
                mac == null ? null : mac(settings, mac),
                queues(settings),
                TapConfig.TAP_MTU,
                eachWay,
                eachWay,
                null);
    }

    private static DeviceConfig sockets(String text, String otherwise) {
        Settings settings = Settings.parse("--vsock", text, List.of("cid", "uds", "id"), List.of());
        Path path = Path.of(settings.required("uds"));
        settings.required("cid");
        return new SocketConfig(settings.text("id", otherwise), settings.number("cid", 0), path);
    }

    private static DeviceConfig entropy(String text, String id) {
        return text.isEmpty()
                ? new RngConfig(id)
                : new RngConfig(id, rate(Settings.parse("--rng", text, List.of("rate", "ops", "burst"), List.of())));
    }

    private static DeviceConfig balloon(String text, String id) {
        int comma = text.indexOf(',');
        boolean deflateOnOom = comma >= 0;
        if (deflateOnOom) {
            Settings.parse("--balloon", text.substring(comma + 1), List.of(), List.of("deflate-on-oom"));
        }
        try {
            return new BalloonConfig(id, ByteSize.parse(deflateOnOom ? text.substring(0, comma) : text), deflateOnOom);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--balloon: " + e.getMessage(), e);
        }
    }

    private static MacAddress mac(Settings settings, String text) {
        try {
            return MacAddress.parse(text);
        } catch (IllegalArgumentException e) {
            throw settings.refusal(String.valueOf(e.getMessage()));
        }
    }

    private static int queues(Settings settings) {
        return Math.clamp(settings.number("queues", 1), 0, Integer.MAX_VALUE);
    }

    private static RateLimit rate(Settings settings) {
        long operations = settings.number("ops", 0);
        if (settings.has("ops") && operations < 1) {
            throw settings.refusal("ops= is " + operations + "; give at least 1");
        }
        if (settings.has("burst") && !settings.has("rate")) {
            throw settings.refusal("burst= is on top of rate=, which is missing");
        }
        return RateLimit.perSecond(settings.size("rate"), operations, settings.size("burst"));
    }
}
