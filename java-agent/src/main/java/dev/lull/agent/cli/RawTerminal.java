package dev.lull.agent.cli;

import dev.lull.linux.Terminal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A command's terminal, if it has one, in raw mode; as it was when this is closed, or a signal ends the process. */
public final class RawTerminal implements AutoCloseable {
    /** Xterm's control sequences for another screen than the one with the shell's lines, without a cursor, and back. */
    private static final String ENTER_SCREEN = "\u001b[?1049h\u001b[?25l";

    private static final String LEAVE_SCREEN = "\u001b[?25h\u001b[?1049l";

    private final Stdio stdio;
    private final boolean screen;
    private final @Nullable Terminal terminal;
    private final AtomicBoolean restored = new AtomicBoolean();
    private final Thread onSignal = new Thread(this::restore, "lull-terminal");

    private RawTerminal(Stdio stdio, boolean screen) {
        this.stdio = stdio;
        this.screen = screen;
        terminal = stdio.terminalFd() < 0 ? null : Terminal.raw(stdio.terminalFd());
        if (terminal == null) {
            return;
        }
        if (screen) {
            write(ENTER_SCREEN);
        }
        try {
            Runtime.getRuntime().addShutdownHook(onSignal);
        } catch (IllegalStateException e) {
            // A signal came first; the process is ending.
            restore();
        }
    }

    /** Puts {@code stdio}'s terminal in raw mode. */
    public static RawTerminal of(Stdio stdio) {
        return new RawTerminal(stdio, false);
    }

    /** Puts {@code stdio}'s terminal in raw mode, with a screen to draw on. */
    public static RawTerminal withScreen(Stdio stdio) {
        return new RawTerminal(stdio, true);
    }

    /** Whether there is a terminal. */
    public boolean isTerminal() {
        return terminal != null;
    }

    /**
     * Writes text as it is.
     *
     * @return whether the terminal is still there
     */
    public boolean write(String text) {
        try {
            stdio.out().write(text.getBytes(StandardCharsets.UTF_8));
            stdio.out().flush();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        restore();
        try {
            Runtime.getRuntime().removeShutdownHook(onSignal);
        } catch (IllegalStateException e) {
            // It is running, and finds nothing left to do.
        }
    }

    private void restore() {
        if (terminal == null || !restored.compareAndSet(false, true)) {
            return;
        }
        if (screen) {
            write(LEAVE_SCREEN);
        }
        terminal.close();
    }
}
