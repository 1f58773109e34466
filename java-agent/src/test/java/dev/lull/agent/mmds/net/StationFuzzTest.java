package dev.lull.agent.mmds.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.virtio.net.FrameDetour;
import dev.lull.device.virtio.net.MacAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * A hostile guest before a station: it sends frames of any bytes, and segments of connections that are more or less right.
 * Nothing is thrown, each frame in return is right, and there are never more connections than the station has room for; a
 * guest that behaves is served afterwards.
 *
 * <p>{@code -Dlull.fuzz.iterations=10000000} is the full run, {@code -Dlull.fuzz.seed=N} repeats one.
 */
class StationFuzzTest {
    private static final int ITERATIONS = Integer.getInteger("lull.fuzz.iterations", 20_000);
    private static final long SEED = Long.getLong("lull.fuzz.seed", 20261121);

    private static final int STEPS = 60;

    /** Thirty connections' answers, byte by byte. */
    private static final int MOST_FRAMES = TcpListener.MAX_CONNECTIONS * EchoServer.MOST_BYTES;

    private static final int[] LENGTHS = {0, 0, 0, 1, 10, 100, 1460, 2400, 2500, 3500};
    private static final int[] WINDOWS = {0, 0, 1, 100, 1460, 30_000, 65_535};

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final TestClock clock = new TestClock();
    private final EchoServer server = new EchoServer();
    private final Balance balance = new Balance();
    private final ServiceStation station = new ServiceStation(
            MacAddress.parse("06:01:23:45:67:01"),
            TestFrame.STATION,
            80,
            server,
            balance,
            clock,
            new SplittableRandom(SEED));
    private final ByteBuffer target = ByteBuffer.allocate(FrameDetour.MAX_FRAME_BYTES);

    /** By port, what the guest should send and acknowledge next, as far as it knows. */
    private final int[] next = new int[40];

    private final int[] acknowledged = new int[next.length];
    private long frames;

    /** A request is up to a zero; its first byte says how long the answer is. */
    private static final class EchoServer implements RequestServer {
        static final int MOST_BYTES = 255 * 20;

        private long requests;

        @Override
        public int requestBytes(byte[] buffer, int count) {
            for (int i = 0; i < count; i++) {
                if (buffer[i] == 0) {
                    return i + 1;
                }
            }
            return 0;
        }

        @Override
        public Answer answer(byte[] buffer, int lengthBytes) {
            requests++;
            return new Answer(new byte[20 * (buffer[0] & 0xff)], lengthBytes % 7 != 0);
        }
    }

    private static final class Balance implements StationEvents {
        private long created;
        private long open;
        private long malformed;
        private long gaveUp;

        @Override
        public void received(Received what) {
            malformed += what == Received.MALFORMED ? 1 : 0;
        }

        @Override
        public void sent(int lengthBytes) {
            check(lengthBytes >= 42 && lengthBytes <= 14 + 20 + 20 + TcpConnection.MSS, "a frame of wrong length");
        }

        @Override
        public void connectionCreated() {
            created++;
            open++;
            check(open <= TcpListener.MAX_CONNECTIONS, "too many connections");
        }

        @Override
        public void connectionDestroyed() {
            open--;
            check(open >= 0, "a connection ended twice");
        }

        @Override
        public void gaveUp() {
            gaveUp++;
        }
    }

    @Test
    void noFrameDoesHarm() {
        long start = System.nanoTime();
        for (int i = 0; i < ITERATIONS; i++) {
            try {
                for (int step = 0; step < STEPS; step++) {
                    step();
                }
            } catch (RuntimeException | Error e) {
                throw new AssertionError("input " + i + " of seed " + SEED, e);
            }
            if (i % 16 == 0) {
                station.reset();
                assertThat(balance.open).isZero();
            }
            if (i % 1024 == 0) {
                String answer = new TestConnection(station, 5000).open().ask("\5hello\0");
                assertThat(answer).isEqualTo("\0".repeat(100));
                station.reset();
            }
        }
        System.out.printf(
                "fuzz station: %d inputs in %.1f s, seed %d: %d connections, %d given up, %d requests, %d frames malformed, %d sent%n",
                ITERATIONS,
                (System.nanoTime() - start) / 1e9,
                SEED,
                balance.created,
                balance.gaveUp,
                server.requests,
                balance.malformed,
                frames);
        assertThat(balance.created).isGreaterThan(ITERATIONS);
        assertThat(server.requests).isGreaterThan(ITERATIONS / 4);
        assertThat(balance.malformed).isGreaterThan(ITERATIONS);
        assertThat(balance.gaveUp).isPositive();
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    private void step() {
        switch (random.nextInt(10)) {
            case 0 -> offer(noise(), random.nextBoolean());
            case 1 -> offer(damage(segment()), random.nextBoolean());
            case 2 -> offer(damage(TestFrame.arp(1, TestFrame.STATION)), false);
            case 3 -> {
                clock.pass(Duration.ofMillis(random.nextInt(40_000)));
                station.timeout();
            }
            case 4, 5 -> receive();
            default -> offer(segment(), false);
        }
    }

    private void offer(ByteBuffer frame, boolean checksumMissing) {
        if (station.wants(frame.duplicate().limit(Math.min(frame.limit(), FrameDetour.HEAD_BYTES)))) {
            station.take(frame, checksumMissing);
        }
    }

    /** All that the station has; the guest learns from it, mostly. */
    private void receive() {
        int count = 0;
        while (station.hasFrame()) {
            int length = station.nextFrame(target.clear());
            check(count++ < MOST_FRAMES, "the station is never done");
            if (length > 0 && target.getShort(12) == 0x0800) {
                frames++;
                // Each frame in full would take most of the time.
                if (frames % 64 == 0 && target.getInt(30) == TestFrame.GUEST && hasGuestMac()) {
                    TestFrame.read(target.limit(length));
                }
                int port = (target.getShort(36) & 0xffff) - 1000;
                if (port >= 0 && port < next.length && random.nextInt(8) != 0) {
                    int flags = target.get(47);
                    int header = (target.get(46) >>> 4 & 0xf) * 4;
                    next[port] = target.getInt(42);
                    acknowledged[port] = target.getInt(38) + length - 34 - header + (flags & 1) + (flags >>> 1 & 1);
                }
            }
        }
    }

    private boolean hasGuestMac() {
        byte[] mac = new byte[6];
        target.get(0, mac);
        return Arrays.equals(mac, TestFrame.GUEST_MAC);
    }

    /** Any bytes, mostly to the station. */
    private ByteBuffer noise() {
        ByteBuffer noise = ByteBuffer.wrap(bytes(random.nextInt(FrameDetour.MAX_FRAME_BYTES)));
        if (noise.limit() >= 42 && random.nextInt(4) != 0) {
            boolean arp = random.nextBoolean();
            noise.putShort(12, (short) (arp ? 0x0806 : 0x0800)).putInt(arp ? 38 : 30, TestFrame.STATION);
        }
        return noise;
    }

    private ByteBuffer segment() {
        int port = random.nextInt(next.length);
        int flags = switch (random.nextInt(12)) {
            case 0, 1, 2 -> TestFrame.SYN;
            case 3 -> TestFrame.ACK | TestFrame.FIN;
            case 4 -> TestFrame.RST;
            case 5 -> random.nextInt(64);
            default -> TestFrame.ACK;
        };
        int sequence = near(next[port]);
        byte[] data = flags == TestFrame.SYN ? new byte[0] : bytes(LENGTHS[random.nextInt(LENGTHS.length)]);
        if (data.length > 0 && random.nextBoolean()) {
            data[random.nextInt(data.length)] = 0;
        }
        ByteBuffer segment = TestFrame.tcp(
                1000 + port,
                random.nextInt(20) == 0 ? random.nextInt(65_536) : 80,
                sequence,
                near(acknowledged[port]),
                flags,
                WINDOWS[random.nextInt(WINDOWS.length)],
                options(),
                data);
        next[port] = sequence + data.length + (flags & 1) + (flags >>> 1 & 1);
        return segment;
    }

    /** Often the number itself. */
    private int near(int number) {
        return switch (random.nextInt(10)) {
            case 0 -> number + random.nextInt(-3000, 3000);
            case 1 -> random.nextInt(20) == 0 ? random.nextInt() : number + random.nextInt(-2, 3);
            default -> number;
        };
    }

    private byte[] options() {
        return switch (random.nextInt(4)) {
            case 0 -> bytes(4 * random.nextInt(11));
            case 1 -> new byte[] {2, 4, (byte) random.nextInt(256), (byte) random.nextInt(256)};
            default -> new byte[0];
        };
    }

    private ByteBuffer damage(ByteBuffer frame) {
        for (int i = random.nextInt(1, 5); i > 0; i--) {
            frame.put(random.nextInt(frame.limit()), (byte) random.nextInt(256));
        }
        if (random.nextInt(4) == 0) {
            frame.limit(random.nextInt(frame.limit() + 1));
        } else if (random.nextBoolean() && frame.limit() >= 54) {
            TestFrame.fix(frame);
        }
        return frame;
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }
}
