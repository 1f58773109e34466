package dev.lull.agent.cli.idle;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Says why a log of idle time cannot be read. */
final class LogFailure {
    private LogFailure() {}

    static String message(Path log, IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return log + ": there is no such file; lull run --idle-log=FILE writes one";
        }
        String message = String.valueOf(failure.getMessage());
        return message.contains(log.toString()) ? message : log + ": cannot be read: " + message;
    }
}
