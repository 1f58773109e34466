package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The signal that makes a blocking call of one thread return with {@code EINTR}, and does nothing else.
 *
 * <p>Its handler must be native: the kernel may deliver it while the thread holds any lock of the JVM, so an upcall is
 * out of the question, and {@code SIG_IGN} would not interrupt. Any pure C function taking an {@code int} serves; this
 * one is the C library's {@code abs}.
 */
public final class KickSignal {
    /** glibc's {@code SIGRTMIN} is 34; the JVM and its libraries use none above it. */
    public static final int NUMBER = 34 + 6;

    /** glibc's {@code struct sigaction}: handler, 128 bytes of mask, flags, restorer. */
    @CStruct(value = "sigaction", header = "signal.h")
    static final class SigAction {
        static final int SIZE = 152;
        static final int SA_HANDLER = 0;
        static final int SA_MASK = 8;
        static final int SA_FLAGS = 136;
        static final int SA_RESTORER = 144;

        private SigAction() {}
    }

    private static boolean installed;

    private KickSignal() {}

    /** Installs the handler, once per process. */
    public static synchronized void install() {
        if (installed) {
            return;
        }
        MethodHandle sigaction = Syscall.sevenLongs("sigaction");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment action = arena.allocate(SigAction.SIZE, 8);
            action.set(JAVA_LONG, SigAction.SA_HANDLER, Syscall.symbolAddress("abs"));
            action.set(JAVA_INT, SigAction.SA_FLAGS, 0);
            Fd.check("sigaction", "signal " + NUMBER, Syscall.callInt(sigaction, NUMBER, action.address(), 0));
        }
        installed = true;
    }

    /**
     * Interrupts one thread of this process.
     *
     * @return false if it has ended
     */
    public static boolean send(int threadId) {
        return NativeThread.signal(threadId, NUMBER);
    }
}
