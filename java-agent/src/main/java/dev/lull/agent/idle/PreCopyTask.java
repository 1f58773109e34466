package dev.lull.agent.idle;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.DirtyLog;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineException;
import dev.lull.agent.machine.Management;
import dev.lull.idle.IdleOutcome;
import dev.lull.idle.MemoryCopy;
import dev.lull.idle.NativeTask;
import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.FileIo;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.LinuxException;
import dev.lull.linux.Mapping;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Copies a guest's memory to a file while it runs, so that a snapshot need pause it for the rest only: in rounds, the first of all
 * pages the guest has, each other of those that were written since. It goes on until {@link #finish}; a round in which there was
 * little to copy is followed by a wait. The file has the regions of RAM one behind the other, and holes where the guest has
 * written nothing.
 *
 * <p>The file is the guest's memory only after {@link #finish}; of a task that is closed or fails before, an empty file is left,
 * of a process that is killed, one of full size.
 */
public final class PreCopyTask implements Task {
    /** A round of so few pages makes the task wait: the pause would be too short for another round to be worth its while. */
    static final int FEW_PAGES = 256;

    private static final long WAIT_NANOS = 1_000_000_000;
    private static final int OWNER_ONLY = 0600;

    private final Path path;
    private final Fd file;
    private final DirtyLog log;
    private final MemoryCopy copy;

    /** Of the thread that steps it. */
    private long roundBegan;

    private boolean waited;
    private final AtomicInteger rounds = new AtomicInteger();
    private volatile @Nullable PreCopyResult result;
    private volatile @Nullable String failure;

    private boolean ended;
    private boolean closed;

    /**
     * A copy that has not begun. The log of what the guest writes is kept from now on until {@link #close}; the machine is closed after
     * this, which a scheduler sees to.
     *
     * @param path what there is under that name is overwritten
     * @throws ConfigException if the file cannot be made
     * @throws dev.lull.idle.IdleUnavailable if this host's KVM does not note what a guest writes, or there is no native core
     * @throws IllegalStateException if another copy of the machine's memory is under way
     */
    public PreCopyTask(Management machine, Path path) {
        this.path = path;
        log = machine.openDirtyLog();
        Fd opened = null;
        try {
            opened = Fd.open(
                    path.toString(),
                    LinuxConstants.O_RDWR | LinuxConstants.O_CREAT | LinuxConstants.O_TRUNC,
                    OWNER_ONLY);
            FileIo.setSize(opened, machine.memory().sizeBytes());
            copy = log.copyTo(opened);
            file = opened;
        } catch (RuntimeException e) {
            if (opened != null) {
                opened.close();
            }
            log.close();
            throw e instanceof LinuxException refusal
                    ? new ConfigException(
                            "%s cannot take the guest's memory: %s (%s); name a file that may be overwritten"
                                    .formatted(path, refusal.operation(), Errno.name(refusal.errno())))
                    : e;
        }
    }

    @Override
    public String name() {
        return "pre-copy";
    }

    @Override
    public IdleOutcome step(long budgetNanos) {
        IdleOutcome outcome = copy.step(budgetNanos);
        return outcome == IdleOutcome.DONE ? nativeDone() : outcome;
    }

    @Override
    public NativeTask nativeWork() {
        return copy;
    }

    @Override
    public long blockedNanos() {
        return WAIT_NANOS;
    }

    /**
     * A round has ended.
     *
     * @throws MachineException if it ended because the file cannot be written
     */
    @Override
    public IdleOutcome nativeDone() {
        try {
            copy.check();
        } catch (LinuxException e) {
            throw fail(e);
        }
        if (!waited) {
            rounds.incrementAndGet();
            if (copy.units() - roundBegan <= FEW_PAGES) {
                waited = true;
                return IdleOutcome.BLOCKED;
            }
        }
        waited = false;
        roundBegan = copy.units();
        copy.nextPass();
        return IdleOutcome.MORE;
    }

    /** Rounds that have ended; after one there is a copy of all of the guest's memory, as it was at different times. */
    public int rounds() {
        return rounds.get();
    }

    /** Pages of 4096 bytes copied so far. */
    public long pages() {
        return copy.units();
    }

    /**
     * Pauses the guest, copies what is left, and sees to it that the file is on stable storage; once. The task does nothing more
     * after this, and is to be closed; nobody needs to have stepped it before. If this fails, a guest that ran goes on.
     *
     * @param machine the one whose memory it is
     * @param resume whether the guest goes on as soon as all is copied, if it ran before; else it stays paused
     * @throws MachineException if the file cannot be written, now or in a step before
     * @throws IllegalStateException if it was finished before or closed
     * @throws InterruptedException if the calling thread is interrupted while it waits for the pause
     */
    public synchronized PreCopyResult finish(Machine machine, boolean resume) throws InterruptedException {
        String failedBefore = failure;
        if (failedBefore != null) {
            throw new MachineException(failedBefore);
        }
        if (ended) {
            throw new IllegalStateException("the copy of memory to " + path + " is over");
        }
        ended = true;
        copy.claim();
        long before = copy.units();
        boolean ran = !machine.isPaused();
        boolean copied = false;
        long beginNanos = System.nanoTime();
        long pauseNanos;
        try {
            machine.pause();
            copy.finish();
            copied = true;
        } catch (LinuxException e) {
            throw fail(e);
        } finally {
            if (ran && (resume || !copied)) {
                machine.resume();
            }
            pauseNanos = System.nanoTime() - beginNanos;
        }
        long error = -FileIo.dataSync(file);
        if (error != 0) {
            throw fail(new LinuxException("fdatasync", path.toString(), (int) error));
        }
        PreCopyResult finished = new PreCopyResult(before, copy.units() - before, pauseNanos);
        result = finished;
        return finished;
    }

    @Override
    public String result() {
        PreCopyResult finished = result;
        if (failure != null) {
            return failure;
        }
        return finished == null
                ? "%d MiB copied in %d rounds, not finished".formatted(mib(copy.units()), rounds.get())
                : "%d MiB copied while the guest ran, %d MiB in a pause of %d us"
                        .formatted(
                                mib(finished.pagesBefore()),
                                mib(finished.pagesInPause()),
                                TimeUnit.NANOSECONDS.toMicros(finished.pauseNanos()));
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        ended = true;
        copy.close();
        log.close();
        try (file) {
            if (result == null) {
                FileIo.setSize(file, 0);
            }
        }
    }

    private MachineException fail(LinuxException cause) {
        String message = "%s cannot take the guest's memory: %s; the guest goes on, the copy does not"
                .formatted(path, Errno.name(cause.errno()));
        failure = message;
        return new MachineException(message, cause);
    }

    private static long mib(long pages) {
        return (pages * Mapping.PAGE_BYTES) >> 20;
    }
}
