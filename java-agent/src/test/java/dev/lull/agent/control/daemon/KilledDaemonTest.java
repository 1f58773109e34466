package dev.lull.agent.control.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.HostException;
import dev.lull.agent.client.VmInfo;
import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon that is killed, and the one after it. {@code -Dlull.kills} says how often. */
@Requires(Facility.KVM)
@Timeout(value = 2, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KilledDaemonTest {
    private static final int KILLS = Integer.getInteger("lull.kills", 5);
    private static final int MAX_DELAY_MILLIS = 400;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Test
    void theNextOneKnowsWhatRanAndCleansUp(@TempDir Path directory) throws Exception {
        Path vsock = directory.resolve("vsock");
        try (LulldProcess first = LulldProcess.start(directory)) {
            first.client().put(HostClient.vmPath("web") + "?start=true", config(vsock), PATIENCE);
            assertThat(first.client().vm("web").state()).isEqualTo(VmInfo.RUNNING);
            assertThat(vsock).exists();
            first.kill();
        }
        try (LulldProcess second = LulldProcess.start(directory)) {
            assertThat(vsock).doesNotExist();
            VmInfo vm = second.client().vm("web");
            assertThat(vm.state()).isEqualTo("Not started");
            assertThat(vm.lastEnd()).isNotNull();
            assertThat(vm.lastEnd().kind()).isEqualTo("LOST");
            assertThat(second.log()).contains("web: ended when an earlier lulld was killed");
            start(second.client(), "web");
            assertThat(second.client().vm("web").state()).isEqualTo(VmInfo.RUNNING);
            second.client().delete(HostClient.vmPath("web"), PATIENCE);
            assertThat(vsock).doesNotExist();
            assertThat(second.held().directories()).isZero();
        }
    }

    @Test
    void killedAtAnyMomentItComesBack(@TempDir Path directory) throws Exception {
        SplittableRandom random = new SplittableRandom(5);
        Path vsock = directory.resolve("vsock");
        for (int kill = 0; kill < KILLS; kill++) {
            LulldProcess lulld = LulldProcess.start(directory);
            CompletableFuture<Void> user = CompletableFuture.runAsync(() -> use(lulld.client(), vsock));
            Thread.sleep(random.nextInt(MAX_DELAY_MILLIS));
            lulld.kill();
            user.join();
        }
        try (LulldProcess last = LulldProcess.start(directory)) {
            for (VmInfo vm : last.client().vms()) {
                assertThat(vm.state()).isEqualTo("Not started");
                last.client().delete(HostClient.vmPath(vm.id()), PATIENCE);
            }
            assertThat(last.held().directories()).isZero();
            last.client().put(HostClient.vmPath("a") + "?start=true", config(vsock), PATIENCE);
            last.client().delete(HostClient.vmPath("a"), PATIENCE);
            assertThat(vsock).doesNotExist();
            assertThat(last.stop()).isEqualTo(143);
        }
        try (var left = Files.list(directory.resolve("run").resolve("vms"))) {
            assertThat(left).isEmpty();
        }
        assertThat(LulldProcess.socket(directory)).doesNotExist();
    }

    /** Makes, starts, stops and removes machines until the daemon is gone. */
    private static void use(HostClient client, Path vsock) {
        try {
            while (true) {
                for (String id : new String[] {"a", "b"}) {
                    Map<String, Object> config = id.equals("a") ? config(vsock) : config(vsock.resolveSibling("other"));
                    if (client.vms().stream().noneMatch(vm -> vm.id().equals(id))) {
                        client.put(HostClient.vmPath(id), config, PATIENCE);
                    }
                    start(client, id);
                    client.put(HostClient.vmPath(id) + "/stop", Map.of(), PATIENCE);
                    client.delete(HostClient.vmPath(id), PATIENCE);
                }
            }
        } catch (HostException e) {
            // It is gone; what it refuses while it is there is none of this test's.
            assertThat(e.status()).as(e.getMessage()).isLessThan(400);
        }
    }

    private static void start(HostClient client, String id) {
        client.put(HostClient.vmPath(id) + "/actions", Map.of("action_type", "InstanceStart"), PATIENCE);
    }

    private static Map<String, Object> config(Path vsock) {
        return Map.of(
                "boot-source", Map.of("kernel_image_path", Payload.SPIN.toString(), "boot_args", "quiet"),
                "machine-config", Map.of("vcpu_count", 1, "mem_size_mib", 32),
                "vsock", Map.of("guest_cid", 3, "uds_path", vsock.toString()));
    }
}
