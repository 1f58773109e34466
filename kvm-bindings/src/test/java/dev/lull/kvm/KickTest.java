package dev.lull.kvm;

import static dev.lull.kvm.KvmConstants.KVM_EXIT_IO;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.linux.Epoll;
import dev.lull.linux.Errno;
import dev.lull.linux.KickSignal;
import dev.lull.linux.NativeThread;
import dev.lull.testing.Facility;
import dev.lull.testing.PayloadGuest;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A kick reaches its vCPU wherever that is, by every way in, and nothing else does. */
@Requires(Facility.KVM)
@Timeout(60)
class KickTest {
    private static final int KICKS = 10_000;
    private static final long BOUND_NANOS = 5_000_000_000L;

    /** A vCPU's thread: runs the guest, and acknowledges each kick by what was published before it. */
    private static final class VcpuThread implements AutoCloseable {
        final AtomicLong asked = new AtomicLong();
        final AtomicLong acknowledged = new AtomicLong();
        final AtomicInteger kicksSeen = new AtomicInteger();
        final AtomicInteger surprises = new AtomicInteger();
        final Histogram latencyNanos = new Histogram(2 * BOUND_NANOS, 3);
        private final PayloadGuest guest;
        private final Thread thread;
        private volatile boolean stopping;
        private volatile int threadId;
        private volatile long kickedAtNanos;

        VcpuThread(PayloadGuest guest, VcpuEntry.Kind kind) {
            this.guest = guest;
            VcpuEntry entry = guest.entry(kind);
            thread = Thread.ofPlatform().name("vcpu").start(() -> loop(entry));
            while (threadId == 0) {
                Thread.onSpinWait();
            }
        }

        private void loop(VcpuEntry entry) {
            guest.kick().begin();
            threadId = NativeThread.currentId();
            while (!stopping) {
                int reason = VcpuExit.reason(entry.run());
                if (reason == -Errno.EINTR) {
                    if (guest.kick().consume()) {
                        kicksSeen.incrementAndGet();
                        latencyNanos.recordValue(Math.max(0, System.nanoTime() - kickedAtNanos));
                        acknowledged.set(asked.get());
                    } else {
                        surprises.incrementAndGet();
                    }
                } else if (reason != KVM_EXIT_IO) {
                    surprises.incrementAndGet();
                    break;
                }
            }
            guest.kick().end();
        }

        /** Kicks, and waits until the vCPU has seen it. */
        void kick() {
            long start = System.nanoTime();
            kickedAtNanos = start;
            long mine = asked.incrementAndGet();
            guest.kick().kick();
            while (acknowledged.get() < mine) {
                assertThat(System.nanoTime() - start)
                        .as("kick %d was lost", mine)
                        .isLessThan(BOUND_NANOS);
                LockSupport.parkNanos(20_000);
            }
        }

        @Override
        public void close() {
            stopping = true;
            guest.kick().kick();
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void noneOfTenThousandIsLostUnderLoad(VcpuEntry.Kind kind) throws Exception {
        Histogram latency = new Histogram(2 * BOUND_NANOS, 3);
        Thread load = Thread.ofPlatform().daemon().name("load").start(KickTest::load);
        try {
            // One guest that stays inside, and one that is outside as often as inside.
            for (String program : new String[] {"spin", "exit"}) {
                try (PayloadGuest guest = new PayloadGuest(program);
                        VcpuThread vcpu = new VcpuThread(guest, kind)) {
                    for (int i = 0; i < KICKS / 2; i++) {
                        vcpu.kick();
                        LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(1000));
                    }
                    latency.add(vcpu.latencyNanos);
                    assertThat(vcpu.surprises).hasValue(0);
                }
            }
        } finally {
            load.interrupt();
            load.join();
        }
        assertThat(latency.getTotalCount()).isEqualTo(KICKS);
        System.out.printf(
                "kick to acknowledgement, %s, under load: count %d, p50 %.1f us, p99 %.1f us, p99.9 %.1f us, max %.1f us%n",
                kind,
                latency.getTotalCount(),
                latency.getValueAtPercentile(50) / 1e3,
                latency.getValueAtPercentile(99) / 1e3,
                latency.getValueAtPercentile(99.9) / 1e3,
                latency.getMaxValue() / 1e3);
    }

    @ParameterizedTest
    @EnumSource
    void manyKickersLoseNone(VcpuEntry.Kind kind) throws Exception {
        try (PayloadGuest guest = new PayloadGuest("exit");
                VcpuThread vcpu = new VcpuThread(guest, kind)) {
            AtomicInteger lost = new AtomicInteger();
            Thread[] kickers = new Thread[4];
            for (int i = 0; i < kickers.length; i++) {
                kickers[i] = Thread.ofPlatform().name("kicker " + i).start(() -> {
                    try {
                        for (int kick = 0; kick < 500; kick++) {
                            vcpu.kick();
                        }
                    } catch (AssertionError timeout) {
                        lost.incrementAndGet();
                    }
                });
            }
            for (Thread kicker : kickers) {
                kicker.join();
            }
            assertThat(lost).hasValue(0);
            assertThat(vcpu.surprises).hasValue(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSignalWithoutARequestGoesBackIn(VcpuEntry.Kind kind) throws Exception {
        try (PayloadGuest guest = new PayloadGuest("spin");
                VcpuThread vcpu = new VcpuThread(guest, kind)) {
            for (int i = 0; i < 200; i++) {
                assertThat(KickSignal.send(vcpu.threadId)).isTrue();
                LockSupport.parkNanos(50_000);
            }
            assertThat(vcpu.kicksSeen).hasValue(0);
            assertThat(vcpu.surprises).hasValue(0);
            vcpu.kick();
            assertThat(vcpu.kicksSeen).hasValue(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aKickOutsideTheGuestKeepsItOut(VcpuEntry.Kind kind) throws IOException {
        try (PayloadGuest guest = new PayloadGuest("spin")) {
            VcpuEntry entry = guest.entry(kind);
            guest.kick().begin();
            guest.kick().kick();
            guest.kick().kick();
            assertThat(entry.run()).isEqualTo(-Errno.EINTR);
            assertThat(guest.kick().consume()).isTrue();
            assertThat(guest.kick().consume()).isFalse();
            guest.kick().end();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aKickBeforeTheThreadBeginsKeepsItOut(VcpuEntry.Kind kind) throws IOException {
        try (PayloadGuest guest = new PayloadGuest("spin")) {
            VcpuEntry entry = guest.entry(kind);
            guest.kick().kick();
            guest.kick().begin();
            assertThat(entry.run()).isEqualTo(-Errno.EINTR);
            assertThat(guest.kick().consume()).isTrue();
            guest.kick().end();
        }
    }

    @Test
    void aKickAfterTheEndReachesNobody() throws Exception {
        try (PayloadGuest guest = new PayloadGuest("exit");
                Epoll sleep = new Epoll("a sleep that signals end", 1)) {
            VcpuEntry.of(guest.vcpu(), guest.kick());
            guest.kick().begin();
            guest.kick().end();
            Thread kicker = Thread.ofPlatform().start(() -> {
                LockSupport.parkNanos(20_000_000);
                guest.kick().kick();
            });
            long start = System.nanoTime();
            sleep.await(200);
            assertThat(System.nanoTime() - start).isGreaterThan(190_000_000);
            kicker.join();
        }
    }

    /** Uses a processor, and makes garbage to collect. */
    private static void load() {
        byte[] garbage = {};
        while (!Thread.currentThread().isInterrupted()) {
            garbage = new byte[4096 + (garbage.length & 1)];
        }
    }
}
