package dev.lull.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.machine.CountersView;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineConfig;
import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One thread keeps the counters of many machines, as long as they are there. */
@Requires(Facility.KVM)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CountersRefresherTest {
    private final List<String> warnings = Collections.synchronizedList(new ArrayList<>());

    @TempDir
    private Path directory;

    @Test
    void countersGrowBySelvesWhileAMachineIsKept() throws Exception {
        try (CountersRefresher refresher = refresher();
                Machine first = machine("first");
                Machine second = machine("second");
                CountersView firstView = CountersView.open(directory.resolve("first"));
                CountersView secondView = CountersView.open(directory.resolve("second"))) {
            first.start();
            second.start();
            refresher.add(first);
            assertThat(firstView.read().timeNanos()).as("at once").isPositive();
            refresher.add(second);
            awaitRefresh(firstView);
            awaitRefresh(secondView);
            refresher.remove(first);
            awaitRefresh(secondView);
            long last = firstView.read().timeNanos();
            awaitRefresh(secondView);
            assertThat(firstView.read().timeNanos()).isEqualTo(last);
        }
        assertThat(warnings).isEmpty();
    }

    @Test
    void machinesMayBeClosedWhileTheyAreKept() throws Exception {
        try (CountersRefresher refresher = refresher();
                Machine stays = machine("stays");
                CountersView view = CountersView.open(directory.resolve("stays"))) {
            refresher.add(stays);
            for (int i = 0; i < 20; i++) {
                try (Machine goes = machine("goes")) {
                    goes.start();
                    refresher.add(goes);
                    awaitRefresh(view);
                }
            }
            awaitRefresh(view);
        }
        assertThat(warnings).isEmpty();
    }

    private CountersRefresher refresher() {
        return new CountersRefresher(warnings::add, TimeUnit.MILLISECONDS.toNanos(1));
    }

    private Machine machine(String name) {
        return Machine.create(MachineConfig.kernel(Payload.SPIN)
                .name(name)
                .memoryBytes(64 << 20)
                .countersFile(directory.resolve(name))
                .build());
    }

    private static void awaitRefresh(CountersView view) throws InterruptedException {
        long before = view.read().timeNanos();
        while (view.read().timeNanos() == before) {
            Thread.sleep(1);
        }
    }
}
