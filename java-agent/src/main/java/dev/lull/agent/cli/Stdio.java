package dev.lull.agent.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a command reads and writes.
 *
 * @param in what a person types
 * @param out results, and a guest's console; not buffered
 * @param err everything said about the command itself
 * @param terminalFd the descriptor to put in raw mode where it is a terminal, −1 for none
 */
public record Stdio(InputStream in, OutputStream out, PrintStream err, int terminalFd) {
    /** This process's own. */
    public static Stdio ofProcess() {
        return new Stdio(
                new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out), System.err, 0);
    }

    /**
     * Writes text and a line's end to {@link #out}; a reader that has gone away misses it.
     *
     * @return whether there still is a reader
     */
    public boolean print(String text) {
        try {
            out.write(text.concat("\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
            return true;
        } catch (IOException e) {
            // As when a program is killed by SIGPIPE: nobody is there to be told.
            return false;
        }
    }

    /** Whether a person at a terminal that knows colours reads {@link #out}. */
    public boolean showsColour() {
        if (terminalFd < 0 || System.getenv("NO_COLOR") != null || "dumb".equals(System.getenv("TERM"))) {
            return false;
        }
        try {
            Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/1"));
            return target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty");
        } catch (IOException e) {
            return false;
        }
    }
}
