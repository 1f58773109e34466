package dev.lull.agent.control.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.HostException;
import dev.lull.agent.client.IdleInfo;
import dev.lull.agent.client.VmInfo;
import dev.lull.agent.idle.TaskKind;
import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon that is killed at work on full queues, and the one after it. {@code -Dlull.kills} says how often. */
@Requires({Facility.KVM, Facility.ROOT})
@Timeout(value = 2, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KilledAtWorkTest {
    private static final int KILLS = Integer.getInteger("lull.kills", 4);
    private static final int TASKS = 16;
    private static final int BASE_BYTES = 16 << 20;
    private static final long LONGEST_WAIT_NANOS = 300_000_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LONGEST_DEATH = Duration.ofSeconds(10);

    /** Of these there is one in each queue, which outlasts the test. */
    private static final List<TaskKind> LONG = List.of(TaskKind.WORKING_SET, TaskKind.ROLL_UP);

    /** The rest, again and again. */
    private static final List<TaskKind> SHORT = List.of(TaskKind.FINGERPRINTS, TaskKind.ZERO_PAGES);

    /** Two have one CPU. */
    private static final Map<String, Integer> CPU_OF_VM = Map.of("a", 0, "b", 1, "c", 1);

    private final SplittableRandom random = new SplittableRandom(31);
    private byte[] image = {};

    @TempDir
    private Path directory;

    @BeforeEach
    void writeBase() throws Exception {
        image = new byte[BASE_BYTES];
        new SplittableRandom(32).nextBytes(image);
        Files.write(base(), image);
    }

    @Test
    void nothingIsLeftAndTheNextOneTakesTasks() throws Exception {
        for (int kill = 0; kill < KILLS; kill++) {
            LulldProcess lulld = LulldProcess.start(directory);
            bringUp(lulld.client(), kill > 0, List.of(TaskKind.FINGERPRINTS));
            CountDownLatch full = new CountDownLatch(1);
            SplittableRandom users = random.split();
            CompletableFuture<Void> user =
                    CompletableFuture.runAsync(() -> keepFull(new User(lulld.client(), users), full));
            assertThat(full.await(60, TimeUnit.SECONDS)).isTrue();
            LockSupport.parkNanos(random.nextLong(LONGEST_WAIT_NANOS));
            long killedNanos = System.nanoTime();
            lulld.kill();
            assertThat(Duration.ofNanos(System.nanoTime() - killedNanos)).isLessThan(LONGEST_DEATH);
            user.get(60, TimeUnit.SECONDS);
            assertThat(Holders.of(directory)).isEmpty();
        }
        try (LulldProcess last = LulldProcess.start(directory)) {
            bringUp(last.client(), KILLS > 0, SHORT);
            assertThat(Holders.of(directory)).hasSize(1);
            for (String id : CPU_OF_VM.keySet()) {
                last.client().delete(HostClient.vmPath(id), PATIENCE);
                assertThat(vsock(id)).doesNotExist();
            }
            assertThat(last.held().vcpus()).isZero();
            assertThat(last.held().directories()).isZero();
            assertThat(last.log()).doesNotContain("Exception", "failed:", "a fault of Lull's own");
            assertThat(last.stop()).isEqualTo(143);
        }
        assertThat(Holders.of(directory)).isEmpty();
        assertThat(LulldProcess.socket(directory)).doesNotExist();
        assertThat(Files.readAllBytes(base())).isEqualTo(image);
    }

    /** Starts all machines, known of an earlier daemon or new; a task of each of {@code kinds} is done on each. */
    private void bringUp(HostClient client, boolean known, List<TaskKind> kinds) {
        if (known) {
            assertThat(client.vms()).extracting(VmInfo::id).containsExactlyInAnyOrderElementsOf(CPU_OF_VM.keySet());
        }
        for (String id : CPU_OF_VM.keySet()) {
            if (known) {
                VmInfo vm = client.vm(id);
                assertThat(vm.state()).isEqualTo("Not started");
                assertThat(vm.lastEnd()).isNotNull();
                assertThat(vm.lastEnd().kind()).isEqualTo("LOST");
                assertThat(vsock(id)).doesNotExist();
            } else {
                client.put(HostClient.vmPath(id), config(id), PATIENCE);
            }
            client.put(HostClient.vmPath(id) + "/actions", Map.of("action_type", "InstanceStart"), PATIENCE);
            kinds.forEach(kind -> begin(client, id, kind));
        }
        for (String id : CPU_OF_VM.keySet()) {
            IdleInfo.Detail idle = detail(client, id);
            while (idle.usage().running() > 0) {
                LockSupport.parkNanos(1_000_000);
                idle = detail(client, id);
            }
            assertThat(idle.usage().aborted()).isZero();
            assertThat(idle.usage().done()).isEqualTo(kinds.size());
            assertThat(idle.tasks())
                    .allSatisfy(
                            task -> assertThat(task.steps()).as(task.result()).isPositive());
        }
    }

    /** Who has tasks begun, and ended now and then, and machines paused. */
    private record User(HostClient client, SplittableRandom random) {
        void disturb(String id, IdleInfo.Detail idle) {
            switch (random.nextInt(6)) {
                case 0 -> {
                    client.patch(HostClient.vmPath(id) + "/vm", Map.of("state", "Paused"));
                    LockSupport.parkNanos(random.nextInt(5_000_000));
                    client.patch(HostClient.vmPath(id) + "/vm", Map.of("state", "Resumed"));
                }
                case 1 -> {
                    int task = idle.tasks()
                            .get(random.nextInt(idle.tasks().size()))
                            .id();
                    client.delete(HostClient.vmPath(id) + "/idle/tasks/" + task, PATIENCE);
                }
                default -> Thread.onSpinWait();
            }
        }
    }

    /** Until the daemon is gone. */
    private void keepFull(User user, CountDownLatch full) {
        try {
            for (String id : CPU_OF_VM.keySet()) {
                LONG.forEach(kind -> begin(user.client, id, kind));
            }
            while (true) {
                for (String id : CPU_OF_VM.keySet()) {
                    IdleInfo.Detail idle = detail(user.client, id);
                    for (long running = idle.usage().running(); running < TASKS; running++) {
                        begin(user.client, id, SHORT.get(user.random.nextInt(SHORT.size())));
                    }
                    user.disturb(id, detail(user.client, id));
                }
                full.countDown();
            }
        } catch (HostException e) {
            // It is gone; what it refuses while it is there is none of this test's.
            assertThat(e.status()).as(e.getMessage()).isLessThan(400);
        }
    }

    private void begin(HostClient client, String id, TaskKind kind) {
        Map<String, Object> task = new LinkedHashMap<>(Map.of("task", kind.toString()));
        if (kind == TaskKind.FINGERPRINTS) {
            task.put("base_path", base().toString());
        }
        client.put(HostClient.vmPath(id) + "/idle/tasks", task);
    }

    private static IdleInfo.Detail detail(HostClient client, String id) {
        return IdleInfo.Detail.parse(client.get(HostClient.vmPath(id) + "/idle"));
    }

    private Map<String, Object> config(String id) {
        return Map.of(
                "boot-source", Map.of("kernel_image_path", Payload.REST.toString(), "boot_args", "quiet"),
                "machine-config", Map.of("vcpu_count", 1, "mem_size_mib", 64, "cpu_pins", List.of(CPU_OF_VM.get(id))),
                "vsock", Map.of("guest_cid", 3, "uds_path", vsock(id).toString()));
    }

    private Path base() {
        return directory.resolve("base");
    }

    private Path vsock(String id) {
        return directory.resolve("vsock-" + id);
    }
}
