package dev.lull.agent.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Events reach whoever reads them; whoever does not is cut off. */
class EventStreamTest extends HttpTestBase {
    private static final byte[] EVENT = "data: {}\n\n".getBytes(StandardCharsets.US_ASCII);

    private final BlockingQueue<EventStream> streams = new LinkedBlockingQueue<>();

    private UnixClient subscribe(String version) throws Exception {
        UnixClient client = new UnixClient(socket());
        client.send("GET /events HTTP/" + version + "\r\n\r\n");
        return client;
    }

    private void serveEvents() {
        serve((request, exchange) -> streams.add(exchange.stream("text/event-stream")));
    }

    @Test
    void eventsComeAsTheyAreSent() throws Exception {
        serveEvents();
        try (UnixClient client = subscribe("1.1")) {
            EventStream stream = streams.take();
            UnixClient.Answer head = client.readHead();
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.headers())
                    .containsEntry("content-type", "text/event-stream")
                    .containsEntry("transfer-encoding", "chunked")
                    .containsEntry("cache-control", "no-cache")
                    .containsEntry("server", "Lull");
            for (int i = 0; i < 1000; i++) {
                assertThat(stream.send(EVENT)).isTrue();
                assertThat(client.readLine()).isEqualTo("a");
                assertThat(client.readLine()).isEqualTo("data: {}");
                assertThat(client.readLine()).isEmpty();
                assertThat(client.readLine()).isEmpty();
            }
            CountDownLatch closed = new CountDownLatch(2);
            stream.onClosed(closed::countDown);
            stream.close();
            stream.close();
            assertThat(client.readLine()).isEqualTo("0");
            assertThat(client.readLine()).isEmpty();
            assertThat(client.isEnded()).isTrue();
            stream.onClosed(closed::countDown);
            assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(stream.send(EVENT)).isFalse();
        }
    }

    @Test
    void anOldClientGetsEventsWithoutChunks() throws Exception {
        serveEvents();
        try (UnixClient client = subscribe("1.0")) {
            EventStream stream = streams.take();
            stream.send(EVENT);
            stream.close();
            assertThat(client.read().body()).isEqualTo("data: {}\n\n");
        }
    }

    @Test
    void aReaderThatGoesIsNoticed() throws Exception {
        serveEvents();
        CountDownLatch closed = new CountDownLatch(1);
        try (UnixClient client = subscribe("1.1")) {
            streams.take().onClosed(closed::countDown);
            client.readHead();
        }
        assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aReaderThatTalksIsCutOff() throws Exception {
        serveEvents();
        try (UnixClient client = subscribe("1.1")) {
            CountDownLatch closed = new CountDownLatch(1);
            streams.take().onClosed(closed::countDown);
            client.readHead();
            client.send("GET / HTTP/1.1\r\n\r\n");
            assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aReaderThatDoesNotReadIsCutOffAndOthersAreNot() throws Exception {
        serveEvents();
        try (UnixClient slow = subscribe("1.1")) {
            EventStream toSlow = streams.take();
            try (UnixClient quick = subscribe("1.1")) {
                EventStream toQuick = streams.take();
                quick.readHead();
                CountDownLatch closed = new CountDownLatch(1);
                toSlow.onClosed(closed::countDown);
                byte[] event = ("data: " + "x".repeat(1000) + "\n\n").getBytes(StandardCharsets.US_ASCII);
                int sent = 0;
                while (toSlow.send(event)) {
                    sent++;
                    assertThat(toQuick.send(event)).isTrue();
                    assertThat(quick.readLine()).isEqualTo("3f0");
                    assertThat(quick.readLine()).hasSize(1006);
                    assertThat(quick.readLine()).isEmpty();
                    assertThat(quick.readLine()).isEmpty();
                }
                // What the kernel holds, and what Lull holds.
                assertThat((long) sent * event.length).isBetween(100_000L, 2_000_000L);
                assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
                assertThat(toSlow.send(event)).isFalse();
                assertThat(toQuick.send(event)).isTrue();
            }
            assertThat(slow.readHead().status()).isEqualTo(200);
        }
    }

    @Test
    void aServerThatClosesEndsItsStreams() throws Exception {
        HttpServer server = serve((request, exchange) -> streams.add(exchange.stream("text/event-stream")));
        try (UnixClient client = subscribe("1.1")) {
            CountDownLatch closed = new CountDownLatch(1);
            streams.take().onClosed(closed::countDown);
            server.close();
            assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(client.readHead().status()).isEqualTo(200);
        }
    }
}
