package dev.lull.agent.client;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Says why the service cannot be talked to, and what helps. */
final class Unreachable {
    private static final String REMEDY = "start it with: systemctl start lulld, or in a checkout: ./lull daemon";

    private Unreachable() {}

    static HostException because(IOException failure, Path socket) {
        return new HostException(message(failure, socket), failure);
    }

    private static String message(IOException failure, Path socket) {
        if (failure instanceof SocketTimeoutException) {
            return "lulld at " + socket + " is silent: " + failure.getMessage() + "; see: journalctl -u lulld";
        }
        if (Files.notExists(socket)) {
            return "lulld is not running (no " + socket + "); " + REMEDY;
        }
        // Where not even the directory may be entered, the socket neither exists nor does not.
        if (!Files.exists(socket) || !Files.isWritable(socket)) {
            return "no permission for " + socket + "; join the group lull: usermod -aG lull $USER";
        }
        if (String.valueOf(failure.getMessage()).contains("refused")) {
            return "lulld is not running (nobody listens at " + socket + "); " + REMEDY;
        }
        return "lulld at " + socket + " cannot be talked to: " + failure.getMessage();
    }
}
