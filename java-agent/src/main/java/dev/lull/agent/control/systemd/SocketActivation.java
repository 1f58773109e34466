package dev.lull.agent.control.systemd;

import dev.lull.agent.machine.ConfigException;
import dev.lull.linux.InheritedSocket;
import dev.lull.linux.LinuxException;
import java.nio.channels.ServerSocketChannel;
import org.jspecify.annotations.Nullable;

/** A listening socket the service manager made and passed on, sd_listen_fds(3). */
public final class SocketActivation {
    private SocketActivation() {}

    /**
     * The socket of {@code environment}; once. It stays the manager's: closing the channel would close the standard streams
     * too.
     *
     * @return null if none was passed
     * @throws ConfigException if it is none to serve on
     */
    public static @Nullable ServerSocketChannel take(ServiceEnvironment environment) {
        if (environment.listenFds() == 0) {
            return null;
        }
        if (environment.listenFds() > 1) {
            throw new ConfigException("the socket unit passes " + environment.listenFds()
                    + " sockets and lulld serves one; leave one ListenStream= in it");
        }
        try {
            return InheritedSocket.take(ServiceEnvironment.FIRST_LISTEN_FD);
        } catch (LinuxException e) {
            throw new ConfigException("the socket unit passes no listening Unix socket with a path; give it one"
                    + " ListenStream= with an absolute path");
        }
    }
}
