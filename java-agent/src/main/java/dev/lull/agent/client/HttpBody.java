package dev.lull.agent.client;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;

/** A body of known length, or one in chunks (RFC 9112 §7.1). Closing it leaves the connection open. */
final class HttpBody extends InputStream {
    private static final int HEXADECIMAL = 16;

    private final InputStream connection;
    private final boolean chunked;

    /** Of the chunk, or of the whole; of the former 0 before the first, too. */
    private long leftBytes;

    private boolean begun;
    private boolean ended;

    /** @param lengthBytes of a body that is not chunked */
    HttpBody(InputStream connection, boolean chunked, long lengthBytes) {
        this.connection = connection;
        this.chunked = chunked;
        this.leftBytes = lengthBytes;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int lengthBytes) throws IOException {
        if (leftBytes == 0 && !nextChunk()) {
            return -1;
        }
        int count = connection.read(bytes, offset, (int) Math.min(lengthBytes, leftBytes));
        if (count < 0) {
            throw new EOFException("the connection ended within an answer");
        }
        leftBytes -= count;
        return count;
    }

    private boolean nextChunk() throws IOException {
        if (ended || !chunked) {
            return false;
        }
        if (begun && !HttpExchange.line(connection).isEmpty()) {
            throw new ProtocolException("a chunk is longer than it says");
        }
        begun = true;
        String size = HttpExchange.line(connection).split(";", 2)[0].strip();
        try {
            leftBytes = Long.parseLong(size, HEXADECIMAL);
        } catch (NumberFormatException e) {
            leftBytes = -1;
        }
        if (leftBytes < 0) {
            throw new ProtocolException("a chunk of '" + size + "' bytes");
        }
        ended = leftBytes == 0;
        // Whatever follows the last chunk is of no interest.
        return !ended;
    }
}
