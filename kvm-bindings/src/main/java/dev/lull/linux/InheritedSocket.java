package dev.lull.linux;

import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.InvalidPathException;

/**
 * A listening Unix socket that this process was started with, as a channel.
 *
 * <p>Java makes a channel of no descriptor but its standard input, and of that one once a process. Closing this channel makes
 * all three standard streams {@code /dev/null}, so whoever still has something to say leaves it open until the process ends.
 */
public final class InheritedSocket {
    private static final int STANDARD_INPUT = 0;

    private InheritedSocket() {}

    /**
     * Takes descriptor {@code number}, which is closed in favour of the channel; standard input is empty from now on. At most
     * once a process.
     *
     * @throws LinuxException EINVAL if it is no listening Unix stream socket with a path
     */
    public static ServerSocketChannel take(int number) {
        String name = "inherited descriptor " + number;
        if (!UnixSocket.isListening(number)) {
            throw new LinuxException("listen", name, Errno.EINVAL);
        }
        try (Fd nothing = Fd.open("/dev/null", LinuxConstants.O_RDONLY)) {
            try (Fd socket = new Fd(number, name)) {
                socket.duplicateTo(STANDARD_INPUT);
            }
            Channel channel = System.inheritedChannel();
            nothing.duplicateTo(STANDARD_INPUT);
            if (channel instanceof ServerSocketChannel server) {
                return server;
            }
            throw new LinuxException("listen", name, Errno.EBUSY);
        } catch (InvalidPathException e) {
            // Of the abstract namespace.
            throw new LinuxException("listen", name, Errno.EINVAL);
        } catch (IOException e) {
            throw new LinuxException("listen", name, Errno.EIO);
        }
    }
}
