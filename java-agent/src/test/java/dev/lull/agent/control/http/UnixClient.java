package dev.lull.agent.control.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A client that sends what it is told to, byte by byte, and reads answers. */
public final class UnixClient implements AutoCloseable {
    private final SocketChannel channel;
    private final InputStream in;

    /**
     * An answer.
     *
     * @param headers by name in lower case
     */
    public record Answer(int status, Map<String, String> headers, String body) {
        String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }

    public UnixClient(Path socket) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        in = Channels.newInputStream(channel);
    }

    /** One request on a connection of its own. */
    public static Answer get(Path socket, String path) throws IOException {
        try (UnixClient client = new UnixClient(socket)) {
            return client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    .read();
        }
    }

    public UnixClient send(String bytes) throws IOException {
        return send(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    public UnixClient send(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
        return this;
    }

    /** A request with a body. */
    UnixClient put(String path, String body) throws IOException {
        return send(
                "PUT " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    /** The next answer; its body is as long as it says, or what comes until the end. */
    public Answer read() throws IOException {
        Answer head = readHead();
        String length = head.headers.get("content-length");
        byte[] body = length != null
                ? in.readNBytes(Integer.parseInt(length))
                : head.status == 204 || head.status == 100 ? new byte[0] : in.readAllBytes();
        return new Answer(head.status, head.headers, new String(body, StandardCharsets.UTF_8));
    }

    /** The next answer without its body. */
    public Answer readHead() throws IOException {
        String[] status = readLine().split(" ", 3);
        if (!status[0].equals("HTTP/1.1")) {
            throw new IOException("not an answer: " + status[0]);
        }
        Map<String, String> headers = new TreeMap<>();
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return new Answer(Integer.parseInt(status[1]), headers, "");
    }

    /** A line, without its end. */
    String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new IOException("the connection ended in a line: " + line);
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** Whether the server has ended the connection, after whatever else it still had to say. */
    boolean isEnded() throws IOException {
        try {
            return in.read() < 0;
        } catch (IOException e) {
            return "Connection reset by peer".equals(e.getMessage()) || "Connection reset".equals(e.getMessage());
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
