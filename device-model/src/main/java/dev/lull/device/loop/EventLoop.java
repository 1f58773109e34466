package dev.lull.device.loop;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.lull.linux.Epoll;
import dev.lull.linux.EventFd;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.agrona.concurrent.Agent;
import org.jspecify.annotations.Nullable;

/**
 * The thread devices run on: an Agrona agent that sleeps in epoll until a watched descriptor is ready or a task comes.
 *
 * <p>Everything but {@link #execute}, {@link #wakeUp} and {@link #close} is for the loop's own thread, or for before it starts.
 * Handling an event allocates nothing.
 */
public final class EventLoop implements Agent, AutoCloseable {
    /** What happens when a descriptor is ready. */
    @FunctionalInterface
    public interface Handler {
        /** @param eventMask {@code EPOLL…} of {@link LinuxConstants} */
        void ready(int eventMask);
    }

    private static final VarHandle BUSY = JAVA_INT.varHandle();
    private static final int EVENTS_AT_ONCE = 64;
    private static final int TASKS_AT_ONCE = 64;

    private record Watch(Fd fd, Handler handler, long token) {}

    private static final int INDEX_BITS = 20;
    private static final int MAX_INDEX = (1 << INDEX_BITS) - 1;

    private final String name;
    private final Epoll epoll;
    private final EventFd wake;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Consumer<Throwable> faults;
    private final MemorySegment busy = Arena.ofAuto().allocateFrom(JAVA_INT, 1);
    private volatile boolean observed;
    private @Nullable Watch[] watches = new Watch[16];
    private long nextSerial;

    /**
     * A loop to be run by an {@link org.agrona.concurrent.AgentRunner}, whose idle strategy has nothing to do.
     *
     * @param faults takes what a handler or task throws; the loop goes on
     */
    public EventLoop(String name, Consumer<Throwable> faults) {
        this.name = name;
        this.faults = faults;
        this.epoll = new Epoll(name, EVENTS_AT_ONCE);
        this.wake = new EventFd(name + " wake-up");
        watch(wake.fd(), LinuxConstants.EPOLLIN, mask -> wake.drain());
    }

    /** Runs {@code handler} whenever {@code fd} is ready for one of {@code eventMask}. */
    public void watch(Fd fd, int eventMask, Handler handler) {
        int index = freeIndex();
        long token = (nextSerial++ << INDEX_BITS) | index;
        watches[index] = new Watch(fd, handler, token);
        epoll.add(fd, eventMask, token);
    }

    /** Stops watching {@code fd}; events of it already reported are dropped. */
    public void unwatch(Fd fd) {
        for (int i = 0; i < watches.length; i++) {
            Watch watch = watches[i];
            if (watch != null && watch.fd == fd) {
                watches[i] = null;
                // One that was closed before has left the set of itself.
                if (fd.number() >= 0) {
                    epoll.remove(fd);
                }
            }
        }
    }

    /** Has {@code task} run on the loop's thread, soon and in order; from any thread. */
    public void execute(Runnable task) {
        tasks.add(task);
        wake.signal();
    }

    /** Makes {@link #doWork} return; from any thread. */
    public void wakeUp() {
        wake.signal();
    }

    @Override
    public int doWork() {
        int ready = observed ? awaitObserved() : epoll.await(-1);
        for (int i = 0; i < ready; i++) {
            long token = epoll.token(i);
            Watch watch = watches[(int) token & MAX_INDEX];
            // An event of a descriptor that is watched no more may come after another took its place.
            if (watch != null && watch.token == token) {
                handle(watch, epoll.eventMask(i));
            }
        }
        runTasks();
        return ready;
    }

    /**
     * Lets others see whether the loop has anything to do, at the price of a system call for each time it waits.
     *
     * @return an {@code int} that is 0 while the loop does nothing, for readers outside Java. It is not 0 before an event is taken:
     *     so there is none that could be seen neither here nor in {@link #epollNumber}
     */
    public MemorySegment observe() {
        observed = true;
        wakeUp();
        return busy;
    }

    /** The descriptor that is readable while an event waits for the loop; owned by this object. */
    public int epollNumber() {
        return epoll.number();
    }

    @Override
    public String roleName() {
        return name;
    }

    /** Gives back its descriptors; the thread that ran it has ended. */
    @Override
    public void close() {
        epoll.close();
        wake.close();
    }

    private int awaitObserved() {
        BUSY.setVolatile(busy, 0L, 0);
        epoll.awaitAny();
        BUSY.setVolatile(busy, 0L, 1);
        return epoll.await(0);
    }

    /** A task may leave another behind, so descriptors get their turn after some. */
    private void runTasks() {
        for (int i = 0; i < TASKS_AT_ONCE; i++) {
            Runnable task = tasks.poll();
            if (task == null) {
                return;
            }
            run(task);
        }
        wake.signal();
    }

    private void handle(Watch watch, int eventMask) {
        try {
            watch.handler.ready(eventMask);
        } catch (RuntimeException | Error e) {
            faults.accept(e);
        }
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            faults.accept(e);
        }
    }

    private int freeIndex() {
        for (int i = 0; i < watches.length; i++) {
            if (watches[i] == null) {
                return i;
            }
        }
        int free = watches.length;
        watches = Arrays.copyOf(watches, free * 2);
        return free;
    }
}
