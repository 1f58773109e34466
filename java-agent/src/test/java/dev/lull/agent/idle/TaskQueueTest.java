package dev.lull.agent.idle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.idle.Submission.State;
import dev.lull.idle.IdleOutcome;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who gets which task, and when. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TaskQueueTest {
    private final TaskQueue queue = new TaskQueue();
    private int lastId;

    private record Named(String name, int priority, long deadlineNanos) implements Task {
        @Override
        public IdleOutcome step(long budgetNanos) {
            return IdleOutcome.DONE;
        }

        @Override
        public String result() {
            return "";
        }

        @Override
        public void close() {}
    }

    /** A task of no machine: the queue asks none. */
    @SuppressWarnings("NullAway")
    private Submission add(String name, int priority, long deadlineNanos) {
        Submission work = new Submission(
                null, new Named(name, priority, deadlineNanos), ++lastId, priority, deadlineNanos, System.nanoTime());
        queue.add(work);
        return work;
    }

    private Submission take(Object taker) {
        Submission work = queue.take(taker, any -> true, false);
        assertThat(work).isNotNull();
        return work;
    }

    @Test
    void theMoreImportantComesFirstThenTheMoreUrgentThenTheOlder() {
        Submission late = add("late", 0, Task.NEVER);
        Submission later = add("later", 0, Task.NEVER);
        Submission urgent = add("urgent", 0, 1_000_000_000_000L);
        Submission important = add("important", 1, Task.NEVER);
        assertThat(take("a")).isSameAs(important);
        assertThat(take("a")).isSameAs(urgent);
        assertThat(take("a")).isSameAs(late);
        assertThat(take("a")).isSameAs(later);
    }

    @Test
    void aTaskIsWithOneAtATime() throws Exception {
        Submission work = add("work", 0, Task.NEVER);
        assertThat(take("a")).isSameAs(work);
        assertThat(work.state()).isEqualTo(State.RUNNING);
        CompletableFuture<Submission> other = CompletableFuture.supplyAsync(() -> take("b"));
        Thread.sleep(50);
        assertThat(other).isNotDone();
        queue.giveBack(work, State.QUEUED, "a", false);
        assertThat(other.get()).isSameAs(work);
    }

    @Test
    void whoDidNotComeToStepItLetsOthersTry() {
        Submission work = add("work", 0, Task.NEVER);
        take("a");
        queue.giveBack(work, State.QUEUED, "a", true);
        assertThat(take("b")).isSameAs(work);
        queue.giveBack(work, State.QUEUED, "b", true);
        // Nobody else wants it: the same gets it again, a little later.
        assertThat(take("b")).isSameAs(work);
    }

    @Test
    void onlyWhatIsOverdueIsForTheHousekeeper() {
        add("patient", 0, Task.NEVER);
        Submission due = add("due", 0, 20_000_000);
        long begin = System.nanoTime();
        assertThat(queue.take("housekeeper", any -> true, true)).isSameAs(due);
        assertThat(System.nanoTime() - begin).isGreaterThan(10_000_000);
    }

    @Test
    void aBlockedTaskIsLeftAloneForAWhile() {
        Submission blocked = add("blocked", 1, Task.NEVER);
        take("a");
        Submission other = add("other", 0, Task.NEVER);
        queue.giveBack(blocked, State.BLOCKED, "a", false);
        assertThat(take("a")).isSameAs(other);
        assertThat(take("a")).isSameAs(blocked);
    }

    @Test
    void whatIsDoneDoesNotComeBackAndAnEndIsHeard() throws Exception {
        Submission work = add("work", 0, Task.NEVER);
        take("a");
        queue.giveBack(work, State.DONE, "a", false);
        CompletableFuture<Boolean> ended =
                CompletableFuture.supplyAsync(() -> queue.take("a", any -> true, false) == null);
        Thread.sleep(20);
        assertThat(ended).isNotDone();
        queue.close();
        assertThat(ended.get()).isTrue();
    }
}
