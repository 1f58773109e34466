package dev.lull.agent.client;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** A stream connection to a Unix socket, on which silence is limited. Used by one thread; another may close it. */
final class UnixConnection extends InputStream {
    private static final int BUFFER_BYTES = 16 << 10;
    private static final int MILLIS_PER_SECOND = 1000;

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final long patienceMillis;
    private final ByteBuffer received = ByteBuffer.allocate(BUFFER_BYTES).flip();

    private UnixConnection(SocketChannel channel, Selector selector, long patienceMillis) throws IOException {
        this.channel = channel;
        this.selector = selector;
        this.patienceMillis = patienceMillis;
        channel.configureBlocking(false);
        key = channel.register(selector, SelectionKey.OP_READ);
    }

    /**
     * Connects.
     *
     * @param patienceMillis how long the other side may be silent, 0 for ever
     */
    static UnixConnection open(Path socket, long patienceMillis) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        try {
            return new UnixConnection(channel, Selector.open(), patienceMillis);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    void write(byte[] bytes) throws IOException {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
            if (channel.write(left) == 0) {
                await(SelectionKey.OP_WRITE);
            }
        }
    }

    @Override
    public int read() throws IOException {
        return fill() ? received.get() & 0xFF : -1;
    }

    @Override
    public int read(byte[] bytes, int offset, int lengthBytes) throws IOException {
        if (!fill()) {
            return -1;
        }
        int count = Math.min(lengthBytes, received.remaining());
        received.get(bytes, offset, count);
        return count;
    }

    @Override
    public void close() throws IOException {
        selector.close();
        channel.close();
    }

    /** Whether there is a byte to read, for which it waits; false at the end. */
    private boolean fill() throws IOException {
        while (!received.hasRemaining()) {
            received.clear();
            int count = channel.read(received);
            received.flip();
            if (count < 0) {
                return false;
            }
            if (count == 0) {
                await(SelectionKey.OP_READ);
            }
        }
        return true;
    }

    private void await(int operation) throws IOException {
        try {
            key.interestOps(operation);
            if (selector.select(patienceMillis) == 0 && selector.isOpen()) {
                throw new SocketTimeoutException("no answer for " + patienceMillis / MILLIS_PER_SECOND + " s");
            }
            selector.selectedKeys().clear();
        } catch (ClosedSelectorException | CancelledKeyException e) {
            throw new ClosedChannelException();
        }
    }
}
