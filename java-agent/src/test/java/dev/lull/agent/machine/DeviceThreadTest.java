package dev.lull.agent.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A pause of the devices' thread begins when nothing of theirs is under way. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeviceThreadTest {
    private static final int ROUNDS = 200;

    private final AtomicInteger underWay = new AtomicInteger();
    private final DeviceThread thread = new DeviceThread("test", underWay::get, fault -> {
        throw new AssertionError("a task failed", fault);
    });

    @Test
    void aPauseWaitsForRequestsUnderWay() throws Exception {
        underWay.set(2);
        CompletableFuture<Void> paused = pauseElsewhere();
        run(() -> underWay.set(1));
        Thread.sleep(50);
        assertThat(paused).isNotDone();
        thread.loop().execute(() -> underWay.set(0));
        paused.get(10, TimeUnit.SECONDS);
        thread.close();
    }

    @Test
    void oneThatIsGivenUpMeanwhileIsNoPause() throws Exception {
        underWay.set(1);
        CompletableFuture<Void> paused = pauseElsewhere();
        run(() -> {});
        thread.resume();
        paused.get(10, TimeUnit.SECONDS);
        underWay.set(0);
        run(() -> {});
        thread.close();
    }

    @Test
    void nothingIsDoneInAPauseAndAllAfterIt() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            thread.pause();
            CountDownLatch done = new CountDownLatch(1);
            thread.loop().execute(done::countDown);
            assertThat(done.await(1, TimeUnit.MILLISECONDS)).isFalse();
            thread.resume();
            assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        }
        thread.pause();
        thread.close();
    }

    private CompletableFuture<Void> pauseElsewhere() {
        CompletableFuture<Void> paused = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                thread.pause();
                paused.complete(null);
            } catch (InterruptedException e) {
                paused.completeExceptionally(e);
            }
        });
        return paused;
    }

    private void run(Runnable task) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        thread.loop().execute(() -> {
            task.run();
            done.countDown();
        });
        assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
    }
}
