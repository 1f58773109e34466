package dev.lull.agent.cli;

import java.io.IOException;
import java.io.InputStream;

/** Gives a guest's console what a person types, until {@code Ctrl-a x}. {@code Ctrl-a a} types {@code Ctrl-a}. */
public final class ConsoleInput implements Runnable {
    private static final byte ESCAPE = 1;
    private static final int BUFFER_BYTES = 256;

    /** Takes what is typed. */
    @FunctionalInterface
    public interface Sink {
        /** Takes bytes; waits while they are not read. */
        void receive(byte[] bytes, int offset, int lengthBytes) throws IOException, InterruptedException;
    }

    private final InputStream stream;
    private final Sink console;
    private final boolean escapes;
    private final Runnable onLeave;

    /**
     * @param escapes whether {@code Ctrl-a} is special: for terminals, not for files
     * @param onLeave called at {@code Ctrl-a x}
     */
    public ConsoleInput(InputStream stream, Sink console, boolean escapes, Runnable onLeave) {
        this.stream = stream;
        this.console = console;
        this.escapes = escapes;
        this.onLeave = onLeave;
    }

    /** Starts a thread that may stay in a read when the machine has long ended, and keeps no process alive. */
    public void start() {
        Thread thread = new Thread(this, "lull-input");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void run() {
        byte[] typed = new byte[BUFFER_BYTES];
        byte[] passed = new byte[BUFFER_BYTES];
        boolean escaped = false;
        try {
            int length = stream.read(typed);
            while (length >= 0) {
                int passedBytes = 0;
                for (int i = 0; i < length; i++) {
                    byte key = typed[i];
                    if (escaped && key == 'x') {
                        onLeave.run();
                        return;
                    }
                    boolean begins = escapes && key == ESCAPE && !escaped;
                    boolean literal = escaped && key == 'a';
                    escaped = begins;
                    if (!begins) {
                        passed[passedBytes++] = literal ? ESCAPE : key;
                    }
                }
                console.receive(passed, 0, passedBytes);
                length = stream.read(typed);
            }
        } catch (IOException e) {
            // The terminal, or the console, is gone: the guest simply hears no more.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
