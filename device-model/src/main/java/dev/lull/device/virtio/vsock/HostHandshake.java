package dev.lull.device.virtio.vsock;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.lull.device.loop.EventLoop;
import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A program of the host that has connected and has yet to say {@code CONNECT port}. Byte by byte, as what follows the line
 * belongs to the stream.
 */
final class HostHandshake implements EventLoop.Handler {
    /** Who hears what the program said. */
    interface Result {
        /** It wants {@code port} of the guest. */
        void connect(HostHandshake handshake, int port);

        /** It said something else, or went. */
        void refuse(HostHandshake handshake);
    }

    private static final int MAX_LINE_BYTES = 32;
    private static final Pattern LINE = Pattern.compile("CONNECT ([0-9]{1,10})", Pattern.CASE_INSENSITIVE);
    private static final long MAX_PORT = 0xffff_fffeL;

    private final Fd socket;
    private final Result result;
    private final MemorySegment next = Arena.ofAuto().allocate(1);
    private final StringBuilder line = new StringBuilder();

    HostHandshake(Fd socket, Result result) {
        this.socket = socket;
        this.result = result;
    }

    Fd socket() {
        return socket;
    }

    @Override
    public void ready(int eventMask) {
        while (true) {
            long count = socket.read(next);
            if (count == -Errno.EAGAIN) {
                return;
            }
            if (count <= 0 || line.length() == MAX_LINE_BYTES) {
                result.refuse(this);
                return;
            }
            char character = (char) next.get(JAVA_BYTE, 0);
            if (character == '\n') {
                finish();
                return;
            }
            line.append(character);
        }
    }

    private void finish() {
        Matcher matcher = LINE.matcher(line);
        if (matcher.matches() && Long.parseLong(matcher.group(1)) <= MAX_PORT) {
            result.connect(this, (int) Long.parseLong(matcher.group(1)));
        } else {
            result.refuse(this);
        }
    }

    /** What the program reads once the guest has accepted. */
    static MemorySegment answer(Arena arena, int hostPort) {
        byte[] bytes = ("OK " + Integer.toUnsignedString(hostPort) + "\n").getBytes(US_ASCII);
        return arena.allocateFrom(JAVA_BYTE, bytes);
    }
}
