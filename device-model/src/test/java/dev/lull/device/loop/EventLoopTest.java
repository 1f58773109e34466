package dev.lull.device.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.linux.EventFd;
import dev.lull.linux.LinuxConstants;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A loop serves descriptors and tasks, whatever some of them do. */
class EventLoopTest {
    private final List<Throwable> faults = new ArrayList<>();
    private final List<String> events = new ArrayList<>();
    private final EventLoop loop = new EventLoop("test", faults::add);
    private final EventFd event = new EventFd("event");

    @AfterEach
    void close() {
        loop.close();
        event.close();
    }

    @Test
    void descriptorsAndTasksRunInOrder() {
        loop.watch(event.fd(), LinuxConstants.EPOLLIN, mask -> events.add("event " + event.drain()));
        event.signal();
        loop.execute(() -> events.add("one"));
        loop.execute(() -> events.add("two"));
        loop.doWork();
        assertThat(events).containsExactly("event 1", "one", "two");
        loop.unwatch(event.fd());
        event.signal();
        loop.wakeUp();
        loop.doWork();
        assertThat(events).hasSize(3);
    }

    @Test
    void whatFailsIsReportedAndTheRestGoesOn() {
        loop.execute(() -> {
            throw new IllegalStateException("task");
        });
        loop.execute(() -> events.add("next"));
        loop.doWork();
        assertThat(faults).singleElement().isInstanceOf(IllegalStateException.class);
        assertThat(events).containsExactly("next");
    }

    @Test
    void aTaskThatAlwaysComesBackLeavesDescriptorsTheirTurn() {
        Runnable[] again = new Runnable[1];
        again[0] = () -> loop.execute(again[0]);
        loop.watch(event.fd(), LinuxConstants.EPOLLIN, mask -> events.add("event " + event.drain()));
        loop.execute(again[0]);
        loop.doWork();
        event.signal();
        loop.doWork();
        assertThat(events).containsExactly("event 1");
    }

    @Test
    void tasksBeyondOneTurnAreNotForgotten() {
        for (int i = 0; i < 1000; i++) {
            loop.execute(() -> events.add("task"));
        }
        for (int turn = 0; turn < 1000 && events.size() < 1000; turn++) {
            loop.doWork();
        }
        assertThat(events).hasSize(1000);
    }

    @Test
    void whoeverLooksSeesEveryEventSomewhere() throws Exception {
        MemorySegment busy = loop.observe();
        List<Integer> seen = new ArrayList<>();
        loop.watch(event.fd(), LinuxConstants.EPOLLIN, mask -> {
            event.drain();
            seen.add(busy.get(ValueLayout.JAVA_INT, 0));
        });
        loop.doWork();
        event.signal();
        loop.doWork();
        assertThat(seen).containsExactly(1);
        Thread waiting = Thread.ofPlatform().start(loop::doWork);
        while (busy.get(ValueLayout.JAVA_INT, 0) != 0) {
            Thread.onSpinWait();
        }
        loop.wakeUp();
        waiting.join();
        assertThat(busy.get(ValueLayout.JAVA_INT, 0)).isEqualTo(1);
    }
}
