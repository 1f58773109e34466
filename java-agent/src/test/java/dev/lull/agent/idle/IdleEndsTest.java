package dev.lull.agent.idle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.idle.Submission.State;
import dev.lull.agent.machine.Footprint;
import dev.lull.agent.machine.GuestConsole;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.MachineEnd;
import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Machines with full queues come and go, are paused and resumed, at random moments. */
@Requires({Facility.KVM, Facility.ROOT})
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class IdleEndsTest {
    private static final int MOMENTS = 1000;
    private static final int WARM_UP_MOMENTS = 100;
    private static final int TASKS = 16;
    private static final int LONGEST_WAIT_NANOS = 60_000_000;

    /** What befalls a machine, its tasks or its scheduler. */
    private enum Blow {
        PAUSE,
        RESUME,
        CANCEL,
        STOP,
        CLOSE,
        FORGET
    }

    private final SplittableRandom random = new SplittableRandom(20);
    private final List<Submission> submitted = new ArrayList<>();
    private final List<Throwable> faults = new CopyOnWriteArrayList<>();
    private final IdleEvents failures = new IdleEvents() {
        @Override
        public void failed(Submission work, Throwable fault) {
            faults.add(fault);
        }
    };
    private final Map<Blow, Integer> blows = new EnumMap<>(Blow.class);
    private long stepsOfTheEnded;

    @Test
    void nothingHangsOrIsLeftOver() throws Exception {
        Footprint before = null;
        try (IdleScheduler scheduler = IdleScheduler.create(IdleSettings.DEFAULT, failures)) {
            for (int moments = 0; moments < MOMENTS; ) {
                moments += lifeOf(scheduler);
                if (before == null && moments >= WARM_UP_MOMENTS) {
                    before = measure();
                }
            }
            assertThat(measure()).isEqualTo(before);
        }
        assertThat(faults).isEmpty();
        assertThat(blows).containsOnlyKeys(Blow.values());
        assertThat(stepsOfTheEnded).isPositive();
    }

    /** Without what the tasks of the past wait for the collector with. */
    private static Footprint measure() throws IOException {
        System.gc();
        return Footprint.measure();
    }

    /** One machine's, from its start until it is gone; how many blows it took. */
    private int lifeOf(IdleScheduler scheduler) throws Exception {
        int dealt = 0;
        try (Machine machine = Machine.create(MachineConfig.kernel(Payload.REST)
                .name("restful")
                .vcpus(1)
                .pin(List.of(1))
                .memoryBytes(64 << 20)
                .consoleOutput(new GuestConsole())
                .build())) {
            machine.start();
            IdleMachine watched = scheduler.watch(machine);
            for (int i = 0; i < TASKS; i++) {
                submitted.add(
                        watched.submit(new FingerprintTask(machine.management().memory())));
            }
            boolean alive = true;
            while (alive) {
                LockSupport.parkNanos(random.nextInt(LONGEST_WAIT_NANOS));
                Blow blow = Blow.values()[random.nextInt(Blow.values().length)];
                blows.merge(blow, 1, Integer::sum);
                dealt++;
                alive = survives(blow, machine, watched);
            }
        }
        for (Submission work : submitted) {
            assertThat(work.end().get(10, TimeUnit.SECONDS)).isIn(State.DONE, State.ENDED);
            stepsOfTheEnded += work.steps();
        }
        submitted.clear();
        return dealt;
    }

    private boolean survives(Blow blow, Machine machine, IdleMachine watched) throws InterruptedException {
        switch (blow) {
            case PAUSE -> machine.pause();
            case RESUME -> machine.resume();
            case CANCEL -> submitted.get(random.nextInt(submitted.size())).cancel();
            case FORGET -> watched.close();
            case STOP -> {
                machine.stop();
                assertThat(machine.awaitEnd().kind()).isEqualTo(MachineEnd.Kind.STOPPED);
                return false;
            }
            case CLOSE -> {
                return false;
            }
        }
        return blow != Blow.FORGET;
    }
}
