package dev.lull.agent.client;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Answers each connection to a Unix socket with bytes that were decided beforehand, in the pieces that were. */
final class CannedServer implements AutoCloseable {
    private static final Pattern CONTENT_LENGTH = Pattern.compile("\r\nContent-Length: (\\d+)\r\n");

    private final Path socket;
    private final ServerSocketChannel server;
    private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
    private volatile List<String> answer = List.of();
    private volatile boolean silent;

    CannedServer(Path socket) throws IOException {
        this.socket = socket;
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        Thread.ofPlatform().name("canned-server").daemon().start(this::serve);
    }

    /** What the next connections get: pieces of text in UTF-8, each sent for itself. */
    CannedServer answering(String... pieces) {
        answer = List.of(pieces);
        return this;
    }

    /** Behind its answer a connection stays open, and nothing comes. */
    CannedServer thenSilent() {
        silent = true;
        return this;
    }

    Path socket() {
        return socket;
    }

    /** The next request that came. */
    String request() throws InterruptedException {
        return requests.take();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }

    private static String read(SocketChannel connection) throws IOException {
        ByteBuffer request = ByteBuffer.allocate(1 << 20);
        while (connection.read(request) >= 0) {
            String text = new String(request.array(), 0, request.position(), StandardCharsets.ISO_8859_1);
            Matcher length = CONTENT_LENGTH.matcher(text);
            int bodyBytes = length.find() ? Integer.parseInt(length.group(1)) : 0;
            int head = text.indexOf("\r\n\r\n");
            if (head >= 0 && request.position() == head + 4 + bodyBytes) {
                break;
            }
        }
        return new String(request.array(), 0, request.position(), StandardCharsets.UTF_8);
    }

    private void serve() {
        try {
            while (true) {
                SocketChannel connection = server.accept();
                requests.add(read(connection));
                for (String piece : answer) {
                    connection.write(ByteBuffer.wrap(piece.getBytes(StandardCharsets.UTF_8)));
                    Thread.sleep(1);
                }
                if (!silent) {
                    connection.close();
                }
            }
        } catch (IOException e) {
            // Closed.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
