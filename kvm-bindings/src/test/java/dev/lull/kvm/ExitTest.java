package dev.lull.kvm;

import static dev.lull.kvm.KvmConstants.KVM_EXIT_HLT;
import static dev.lull.kvm.KvmConstants.KVM_EXIT_IO;
import static dev.lull.kvm.KvmConstants.KVM_EXIT_IRQ_WINDOW_OPEN;
import static dev.lull.kvm.KvmConstants.KVM_EXIT_MMIO;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.testing.Facility;
import dev.lull.testing.PayloadGuest;
import dev.lull.testing.Requires;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a guest does to a device arrives, and what the device answers arrives in the guest, by every way in. */
@Requires(Facility.KVM)
class ExitTest {
    private static final long DEVICE = PayloadGuest.MEMORY_BYTES;

    @ParameterizedTest
    @EnumSource
    void portsOfEveryWidth(VcpuEntry.Kind kind) throws IOException {
        try (PayloadGuest guest = new PayloadGuest("port")) {
            Monitor monitor = new Monitor(guest, kind);
            monitor.expectOut(0x10, 1, 0x5A);
            monitor.expectOut(0x11, 2, 0x1234);
            monitor.expectOut(0x12, 4, 0x89AB_CDEFL);
            monitor.expectOut(0x13, 4, 0xFFFF_FFFFL);
            monitor.expectOut(0xFFFE, 1, 0xA5);
            monitor.expectOut(0xFFFE, 2, 0x4321);
            monitor.expectOut(0xFFFE, 4, 0xFEDC_BA98L);
            for (boolean fixed : new boolean[] {true, false}) {
                monitor.answerIn(fixed ? 0x20 : 0xFFFE, 1, 0x81);
                monitor.expectOut(0x80, 4, 0xFFFF_FF81L);
                monitor.answerIn(fixed ? 0x21 : 0xFFFE, 2, 0x8001);
                monitor.expectOut(0x80, 4, 0xFFFF_8001L);
                monitor.answerIn(fixed ? 0x22 : 0xFFFE, 4, 0x8000_0001L);
                monitor.expectOut(0x80, 4, 0x8000_0001L);
            }
            assertThat(monitor.next()).isEqualTo(KVM_EXIT_HLT);
        }
    }

    @ParameterizedTest
    @EnumSource
    void stringsOfEveryWidth(VcpuEntry.Kind kind) throws IOException {
        try (PayloadGuest guest = new PayloadGuest("string")) {
            Monitor monitor = new Monitor(guest, kind);
            assertThat(monitor.stringOut(0x30, 1, 5))
                    .asString(StandardCharsets.US_ASCII)
                    .isEqualTo("bytes");
            assertThat(monitor.stringOut(0x31, 2, 3)).containsExactly(0x22, 0x11, 0x44, 0x33, 0x66, 0x55);
            assertThat(monitor.stringOut(0x32, 4, 2)).containsExactly(0xAA, 0x99, 0x88, 0x77, 0xEE, 0xDD, 0xCC, 0xBB);
            monitor.stringIn(0x38, "answer".getBytes(StandardCharsets.US_ASCII));
            assertThat(monitor.stringOut(0x39, 1, 6))
                    .asString(StandardCharsets.US_ASCII)
                    .isEqualTo("answer");
            assertThat(monitor.next()).isEqualTo(KVM_EXIT_HLT);
        }
    }

    @ParameterizedTest
    @EnumSource
    void memoryOfEveryWidthAndAcrossAPage(VcpuEntry.Kind kind) throws IOException {
        try (PayloadGuest guest = new PayloadGuest("mmio", true)) {
            Monitor monitor = new Monitor(guest, kind);
            monitor.expectWrite(DEVICE, 1, 0x11);
            monitor.expectWrite(DEVICE + 2, 2, 0x2222);
            monitor.expectWrite(DEVICE + 4, 4, 0x4444_4444L);
            monitor.expectWrite(DEVICE + 8, 8, 0x8877_6655_4433_2211L);
            monitor.expectWrite(DEVICE + 0xFFE, 2, 0x2211);
            monitor.expectWrite(DEVICE + 0x1000, 6, 0x8877_6655_4433L);

            monitor.answerRead(DEVICE + 0x10, 1, 0x91);
            monitor.expectWrite(DEVICE + 0x800, 8, 0xFFFF_FFFF_FFFF_FF91L);
            monitor.answerRead(DEVICE + 0x12, 2, 0x9191);
            monitor.expectWrite(DEVICE + 0x800, 8, 0xFFFF_FFFF_FFFF_9191L);
            monitor.answerRead(DEVICE + 0x14, 4, 0x9191_9191L);
            monitor.expectWrite(DEVICE + 0x800, 8, 0x9191_9191L); // A 32-bit load clears the upper half.
            monitor.answerRead(DEVICE + 0x18, 8, 0x8182_8384_8586_8788L);
            monitor.expectWrite(DEVICE + 0x800, 8, 0x8182_8384_8586_8788L);
            monitor.answerRead(DEVICE + 0xFFE, 2, 0x0201);
            monitor.answerRead(DEVICE + 0x1000, 6, 0x0807_0605_0403L);
            monitor.expectWrite(DEVICE + 0x800, 8, 0x0807_0605_0403_0201L);
            assertThat(monitor.next()).isEqualTo(KVM_EXIT_HLT);
        }
    }

    @ParameterizedTest
    @EnumSource
    void interruptsWaitForTheirWindowAndEndHlt(VcpuEntry.Kind kind) throws IOException {
        try (PayloadGuest guest = new PayloadGuest("interrupt")) {
            Monitor monitor = new Monitor(guest, kind);
            monitor.expectOut(0x10, 1, 0);
            assertThat(guest.run().readyForInterrupt()).isFalse();
            guest.run().requestInterruptWindow(true);
            assertThat(monitor.next()).isEqualTo(KVM_EXIT_IRQ_WINDOW_OPEN);
            assertThat(guest.run().readyForInterrupt()).isTrue();
            guest.run().requestInterruptWindow(false);
            guest.vcpu().interrupt(0x21);
            monitor.expectOut(0x40, 1, 0x21);
            monitor.expectOut(0x11, 1, 0);
            for (int i = 0; i < 3; i++) {
                assertThat(monitor.next()).isEqualTo(KVM_EXIT_HLT);
                assertThat(guest.run().readyForInterrupt()).isTrue();
                guest.vcpu().interrupt(0x21);
                monitor.expectOut(0x40, 1, 0x21);
                monitor.expectOut(0x12, 1, 0);
            }
        }
    }

    /** Steps from one exit to the next. */
    private static final class Monitor {
        private final KvmRun run;
        private final VcpuEntry entry;

        Monitor(PayloadGuest guest, VcpuEntry.Kind kind) {
            run = guest.run();
            entry = guest.entry(kind);
        }

        int next() {
            return VcpuExit.reason(nextExit());
        }

        private long nextExit() {
            long exit = entry.run();
            assertThat(exit).isEqualTo(run.exit());
            assertThat(VcpuExit.reason(exit)).isEqualTo(run.exitReason());
            return exit;
        }

        void expectOut(int port, int sizeBytes, long value) {
            long exit = nextAccess(port, sizeBytes);
            assertThat(VcpuExit.isPortWrite(exit)).isTrue();
            assertThat(VcpuExit.value(exit)).isEqualTo(value);
            assertThat(run.data(run.ioDataOffset(), sizeBytes)).isEqualTo(value);
        }

        void answerIn(int port, int sizeBytes, long value) {
            long exit = nextAccess(port, sizeBytes);
            assertThat(VcpuExit.isPortRead(exit)).isTrue();
            assertThat(VcpuExit.value(exit)).isZero();
            assertThat(run.ioDataOffset()).isEqualTo(VcpuExit.LULL_EXIT_DATA_OFFSET);
            run.setData(VcpuExit.LULL_EXIT_DATA_OFFSET, sizeBytes, value);
        }

        private long nextAccess(int port, int sizeBytes) {
            long exit = nextExit();
            assertThat(VcpuExit.port(exit)).isEqualTo(port);
            assertThat(VcpuExit.sizeBytes(exit)).isEqualTo(sizeBytes);
            return exit;
        }

        /** KVM may cut a string in exits of any number of accesses. */
        byte[] stringOut(int port, int sizeBytes, int count) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            while (bytes.size() < count * sizeBytes) {
                nextPort(port, sizeBytes, true);
                for (long i = 0; i < (long) run.ioCount() * sizeBytes; i++) {
                    bytes.write((int) run.data(run.ioDataOffset() + i, 1));
                }
            }
            assertThat(bytes.size()).isEqualTo(count * sizeBytes);
            return bytes.toByteArray();
        }

        void stringIn(int port, byte[] answer) {
            int given = 0;
            while (given < answer.length) {
                nextPort(port, 1, false);
                assertThat(run.ioCount()).isBetween(1, answer.length - given);
                for (int i = 0; i < run.ioCount(); i++) {
                    run.setData(run.ioDataOffset() + i, 1, answer[given++]);
                }
            }
        }

        void expectWrite(long gpa, int sizeBytes, long value) {
            nextMemory(gpa, sizeBytes, true);
            assertThat(run.data(run.mmioDataOffset(), sizeBytes)).isEqualTo(value);
        }

        void answerRead(long gpa, int sizeBytes, long value) {
            nextMemory(gpa, sizeBytes, false);
            run.setData(run.mmioDataOffset(), sizeBytes, value);
        }

        private void nextPort(int port, int sizeBytes, boolean write) {
            assertThat(next()).isEqualTo(KVM_EXIT_IO);
            assertThat(run.ioPort()).isEqualTo(port);
            assertThat(run.ioSizeBytes()).isEqualTo(sizeBytes);
            assertThat(run.ioIsWrite()).isEqualTo(write);
        }

        private void nextMemory(long gpa, int sizeBytes, boolean write) {
            assertThat(next()).isEqualTo(KVM_EXIT_MMIO);
            assertThat(run.mmioAddress()).isEqualTo(gpa);
            assertThat(run.mmioSizeBytes()).isEqualTo(sizeBytes);
            assertThat(run.mmioIsWrite()).isEqualTo(write);
        }
    }
}
