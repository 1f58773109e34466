package dev.lull.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/** A terminal in raw mode: every key goes to the program, none is echoed; output is still translated. Closing restores it. */
public final class Terminal implements AutoCloseable {
    /** The kernel's {@code struct termios}. */
    @CStruct(value = "termios", header = "asm/termbits.h")
    static final class Termios {
        static final int SIZE = 36;
        static final int C_IFLAG = 0;
        static final int C_LFLAG = 12;
        static final int C_CC = 17;

        private Termios() {}
    }

    /** {@code struct winsize}. */
    @CStruct(value = "winsize", header = "asm/termios.h")
    static final class Winsize {
        static final int SIZE = 8;
        static final int WS_ROW = 0;
        static final int WS_COL = 2;

        private Winsize() {}
    }

    /** {@code asm/termbits.h} and {@code asm/ioctls.h}. */
    @CConstants({"asm/termbits.h", "asm/ioctls.h"})
    static final class TermiosConstants {
        static final int TCGETS = 0x5401;
        static final int TCSETS = 0x5402;
        static final int TIOCGWINSZ = 0x5413;
        static final int ICRNL = 0x100;
        static final int INLCR = 0x40;
        static final int IXON = 0x400;
        static final int ISIG = 1;
        static final int ICANON = 2;
        static final int ECHO = 8;
        static final int IEXTEN = 0x8000;
        static final int VTIME = 5;
        static final int VMIN = 6;

        private TermiosConstants() {}
    }

    /** How many characters a terminal shows side by side, and how many lines. */
    public record Size(int columns, int rows) {}

    private final int fd;
    private final MemorySegment before;

    private Terminal(int fd, MemorySegment before) {
        this.fd = fd;
        this.before = before;
    }

    /**
     * Puts the terminal open on {@code fd} in raw mode.
     *
     * @return null if {@code fd} is no terminal
     */
    public static @Nullable Terminal raw(int fd) {
        MemorySegment before = Arena.ofAuto().allocate(Termios.SIZE, 8);
        if (Syscall.ioctl(fd, TermiosConstants.TCGETS, before.address()) < 0) {
            return null;
        }
        MemorySegment raw = Arena.ofAuto().allocate(Termios.SIZE, 8).copyFrom(before);
        clear(raw, Termios.C_IFLAG, TermiosConstants.ICRNL | TermiosConstants.INLCR | TermiosConstants.IXON);
        clear(
                raw,
                Termios.C_LFLAG,
                TermiosConstants.ISIG | TermiosConstants.ICANON | TermiosConstants.ECHO | TermiosConstants.IEXTEN);
        raw.set(JAVA_BYTE, Termios.C_CC + TermiosConstants.VMIN, (byte) 1);
        raw.set(JAVA_BYTE, Termios.C_CC + TermiosConstants.VTIME, (byte) 0);
        apply(fd, raw);
        return new Terminal(fd, before);
    }

    /**
     * The size of the terminal open on {@code fd}.
     *
     * @return null if {@code fd} is no terminal, or one of no known size
     */
    public static @Nullable Size size(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(Winsize.SIZE, 8);
            if (Syscall.ioctl(fd, TermiosConstants.TIOCGWINSZ, size.address()) < 0) {
                return null;
            }
            int columns = Short.toUnsignedInt(size.get(JAVA_SHORT, Winsize.WS_COL));
            int rows = Short.toUnsignedInt(size.get(JAVA_SHORT, Winsize.WS_ROW));
            return columns == 0 || rows == 0 ? null : new Size(columns, rows);
        }
    }

    /** As it was; may be called more than once. */
    @Override
    public void close() {
        apply(fd, before);
    }

    private static void apply(int fd, MemorySegment termios) {
        try {
            Syscall.ioctl(fd, TermiosConstants.TCSETS, termios.address());
        } finally {
            Reference.reachabilityFence(termios);
        }
    }

    private static void clear(MemorySegment termios, int offset, int flags) {
        termios.set(JAVA_INT, offset, termios.get(JAVA_INT, offset) & ~flags);
    }
}
