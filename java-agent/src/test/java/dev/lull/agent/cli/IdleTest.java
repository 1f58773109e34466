package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.client.IdleInfo;
import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code lull idle} and a {@code lulld}, with guests that halt for ever or never. */
@Requires(Facility.KVM)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class IdleTest {
    @TempDir
    private Path directory;

    private TestDaemon lulld;

    @BeforeEach
    void start() throws Exception {
        lulld = TestDaemon.start(directory);
    }

    @AfterEach
    void stop() {
        lulld.close();
    }

    @Test
    void aTaskIsDoneInTheIdleTimeOfAGuestThatHasHalted() throws Exception {
        String hang = BareKernel.HANG.in(directory).toString();
        lulld.out("vm", "create", "rest1", "--kernel", hang, "--memory", "64M", "--pin", "0", "--start");
        assertThat(lulld.out("vm", "config", "rest1")).containsPattern("\"cpu_pins\": \\[\\s*0\\s*]");
        assertThat(lulld.out("idle", "start", "rest1", "fingerprints", "--priority", "3"))
                .isEqualTo("rest1: fingerprints is task 1; see with: lull idle rest1\n");
        IdleInfo.Detail idle = awaitDone("rest1", 1);
        assertThat(idle.usage().steps()).isPositive();
        assertThat(idle.usage().overdue()).isZero();
        IdleInfo.Task task = idle.tasks().getFirst();
        assertThat(task.state()).isEqualTo("done");
        assertThat(task.priority()).isEqualTo(3);
        assertThat(task.step().count()).isEqualTo(task.steps());
        assertThat(task.result()).contains("MiB seen");
        assertThat(idle.cpus()).extracting(IdleInfo.Cpu::cpu).containsExactly(0);
        assertThat(idle.cpus().getFirst().steps()).isEqualTo(task.steps());

        assertThat(lulld.out("idle"))
                .containsPattern("^ID +CPUs +IDLE .*\nrest1 +0 +\\d+\\.\\d% +\\d+\\.\\d+ s +" + task.steps() + " ");
        assertThat(lulld.out("idle", "rest1"))
                .containsPattern("(?m)^ *1 +fingerprints +done +3 +- ")
                .contains("  1: " + task.result())
                .containsPattern("(?m)^step +" + task.steps() + " ")
                .containsPattern("(?m)^run queue, mean of each second +\\d+ ");
    }

    @Test
    void aGuestThatNeverHaltsKeepsItsTimeUntilADeadline() throws Exception {
        lulld.out("vm", "create", "spin1", "--kernel", Payload.SPIN.toString(), "--memory", "64M", "--pin", "0");
        lulld.out("vm", "start", "spin1");
        lulld.out("idle", "start", "spin1", "fingerprints");
        lulld.out("idle", "start", "spin1", "fingerprints", "--deadline", "1ms");
        IdleInfo.Detail idle = awaitDone("spin1", 1);
        assertThat(idle.tasks().get(0).steps()).isZero();
        assertThat(idle.tasks().get(1).deadlineMillis()).isEqualTo(1);
        assertThat(idle.tasks().get(1).overdue()).isPositive();
        assertThat(lulld.out("idle", "stop", "spin1", "1")).isEqualTo("spin1: task 1 is ended\n");
        assertThat(awaitAborted("spin1").tasks().getFirst().state()).isEqualTo("ended");
        assertRefused("There is no idle task 9; GET /idle has them.", "stop", "spin1", "9");
        awaitRunQueueDelay("spin1");
        lulld.out("vm", "stop", "--now", "spin1");
        assertRefused("The requested operation is not supported before starting the microVM.", "spin1");
    }

    @Test
    void aGuestWithoutACpuOfItsOwnHasNoIdleTimeToUse() throws Exception {
        lulld.out("vm", "create", "any1", "--kernel", Payload.SPIN.toString(), "--memory", "64M", "--start");
        assertThat(lulld.out("idle"))
                .containsPattern("(?m)^any1 +any +- ")
                .contains("bound to CPUs: lull vm create ID --pin");
        assertRefused("Idle time error: its vCPUs have no home whose idle time could be used;", "any1");
        assertRefused("Idle time error: its vCPUs have no home", "start", "any1", "fingerprints");
        Lull.Result result = lulld.lull(
                "vm", "create", "two", "--kernel", Payload.SPIN.toString(), "--cpus", "2", "--pin", "0", "--start");
        assertThat(result.err())
                .isEqualTo("lull: Machine config error: cpu_pins has 1 CPUs for 2 vCPUs; give one for each\n");
        assertThat(lulld.lull("vm", "create", "far", "--kernel", Payload.SPIN.toString(), "--pin", "8000", "--start")
                        .err())
                .startsWith("lull: Start microvm error: CPU 8000 to pin a vCPU to: this process may run on ");
    }

    private IdleInfo.Detail awaitDone(String id, int tasks) throws Exception {
        IdleInfo.Detail idle = detail(id);
        while (idle.usage().done() < tasks) {
            Thread.sleep(20);
            idle = detail(id);
        }
        return idle;
    }

    private IdleInfo.Detail awaitAborted(String id) throws Exception {
        IdleInfo.Detail idle = detail(id);
        while (idle.usage().aborted() == 0) {
            Thread.sleep(20);
            idle = detail(id);
        }
        return idle;
    }

    private void awaitRunQueueDelay(String id) throws Exception {
        while (detail(id).times().get(1).count() == 0) {
            Thread.sleep(100);
        }
    }

    private IdleInfo.Detail detail(String id) throws IOException {
        return IdleInfo.Detail.parse(lulld.out("idle", id, "--json").getBytes(StandardCharsets.UTF_8));
    }

    private void assertRefused(String message, String... arguments) {
        List<String> all = new ArrayList<>(List.of("idle"));
        all.addAll(List.of(arguments));
        Lull.Result result = lulld.lull(all.toArray(String[]::new));
        assertThat(result.errLines()).hasSize(1);
        assertThat(result.err()).startsWith("lull: " + message);
        assertThat(result.status()).isEqualTo(1);
    }
}
