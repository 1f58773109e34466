package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.VmInfo;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The Debian guest, with its root disk only read, as a virtual machine of a {@code lulld}. */
final class HostedGuest implements AutoCloseable {
    /** On an emulated processor a kernel is long in being unpacked. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final String id;
    private final SocketChannel console;
    private final StringBuilder said = new StringBuilder();

    private HostedGuest(String id, SocketChannel console) {
        this.id = id;
        this.console = console;
    }

    /**
     * Has one made and started.
     *
     * @param more members of its configuration beside kernel, size and root disk
     */
    static HostedGuest start(HostClient lulld, String id, int memoryMib, Map<String, Object> more) throws IOException {
        Map<String, Object> config = new LinkedHashMap<>(more);
        config.put(
                "boot-source",
                Map.of(
                        "kernel_image_path", LabKernels.debian("vmlinuz").toString(),
                        "initrd_path", LabKernels.quickInitrd().toString(),
                        "boot_args", "console=ttyS0 quiet"));
        config.put("machine-config", Map.of("vcpu_count", 1, "mem_size_mib", memoryMib));
        config.putIfAbsent(
                "drives", List.of(drive("root", LabKernels.debian("disk.img").toString(), true)));
        lulld.put(HostClient.vmPath(id) + "?start=true", config, PATIENCE);
        VmInfo vm = lulld.vm(id);
        return new HostedGuest(id, SocketChannel.open(UnixDomainSocketAddress.of(vm.consoleSocket())));
    }

    /** A disk for its configuration. */
    static Map<String, Object> drive(String id, String path, boolean readOnly) {
        return Map.of("drive_id", id, "path_on_host", path, "is_root_device", false, "is_read_only", readOnly);
    }

    /** Waits until it takes commands. */
    void awaitBoot() throws IOException {
        await("lull-guest: init");
    }

    /** Has it run commands, a line each; it goes on by itself once the last has begun. */
    void begin(String... commands) throws IOException {
        String lines = String.join("\n", commands) + "\necho begun-$((6 * 7))\n";
        console.write(ByteBuffer.wrap(lines.getBytes(StandardCharsets.UTF_8)));
        await("begun-42");
    }

    @Override
    public void close() throws IOException {
        console.close();
    }

    private void await(String text) throws IOException {
        ByteBuffer received = ByteBuffer.allocate(4096);
        while (said.indexOf(text) < 0) {
            assertThat(console.read(received.clear()))
                    .as("%s said: %s", id, said)
                    .isPositive();
            said.append(new String(received.array(), 0, received.position(), StandardCharsets.ISO_8859_1));
        }
    }
}
