package dev.lull.agent.control.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The service's log: lines on standard error. If that is journald's they begin with a priority, sd-daemon(3), and otherwise
 * with the program and the level; journald has the time, a terminal needs none.
 */
final class ServiceLog {
    private static final int MAX_FRAMES = 24;

    private final OutputStream out;
    private final boolean journal;

    /** @param journal whether lines begin with a priority */
    ServiceLog(OutputStream out, boolean journal) {
        this.out = out;
        this.journal = journal;
    }

    /** This process's. */
    static ServiceLog ofProcess() {
        return new ServiceLog(new FileOutputStream(FileDescriptor.err), isJournal(System.getenv("JOURNAL_STREAM")));
    }

    /** Whether standard error is what {@code journalStream} names, a device and an inode: it may have been redirected since. */
    private static boolean isJournal(@Nullable String journalStream) {
        if (journalStream == null) {
            return false;
        }
        try {
            Map<String, Object> file = Files.readAttributes(Path.of("/proc/self/fd/2"), "unix:dev,ino");
            return journalStream.equals(file.get("dev") + ":" + file.get("ino"));
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    /** Writes a line. */
    void write(LogLevel level, String logger, String message, @Nullable Throwable fault) {
        StringBuilder line = new StringBuilder(message.length() + 64);
        if (journal) {
            line.append('<').append(level.priority()).append('>');
        } else {
            line.append("lulld: ").append(level).append(' ');
        }
        if (level.compareTo(LogLevel.INFO) > 0) {
            line.append(logger, logger.lastIndexOf('.') + 1, logger.length()).append(": ");
        }
        SafeText.append(line, message);
        if (fault != null) {
            SafeText.append(line.append(": "), describe(fault, level == LogLevel.ERROR));
        }
        line.append('\n');
        byte[] bytes = line.toString().getBytes(StandardCharsets.UTF_8);
        synchronized (out) {
            try {
                out.write(bytes);
            } catch (IOException e) {
                // There is nowhere to say so.
            }
        }
    }

    /** A fault of the program's own comes with where it arose; whoever gets it has only this line. */
    private static String describe(Throwable fault, boolean withFrames) {
        StringBuilder text = new StringBuilder(fault.toString());
        if (withFrames) {
            appendFrames(text, fault);
        }
        Throwable cause = fault.getCause();
        if (cause != null) {
            text.append("; caused by ").append(cause);
            if (withFrames) {
                appendFrames(text, cause);
            }
        }
        return text.toString();
    }

    private static void appendFrames(StringBuilder text, Throwable fault) {
        StackTraceElement[] frames = fault.getStackTrace();
        for (int i = 0; i < frames.length && i < MAX_FRAMES; i++) {
            text.append(" at ").append(frames[i]);
        }
    }
}
