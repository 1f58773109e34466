package dev.lull.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.linux.EventFd;
import dev.lull.testing.Facility;
import dev.lull.testing.PayloadGuest;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Interrupts by eventfd and by level through KVM's chips, and doorbells out of the guest. */
@Requires(Facility.KVM)
class InterruptTest {
    private static final int IDLE = 0x10;
    private static final int LEVEL = 0x40;
    private static final int MESSAGE = 0x41;

    private static final int PIC_INPUT = 5;
    private static final int GSI = 24;
    private static final long MESSAGE_ADDRESS = 0xFEE0_0000L;
    private static final int MESSAGE_VECTOR = 0x51;

    /** A signal may take the kernel's work queue; the guest goes round meanwhile. */
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(20);

    private static final int QUIET_ROUNDS = 50;

    @Test
    void aRoutedEventDeliversItsMessageOnceASignal() throws IOException {
        try (PayloadGuest guest = PayloadGuest.withInterruptChips("lines");
                EventFd event = new EventFd("message")) {
            awaitSaid(guest, IDLE);
            route(guest, MESSAGE_VECTOR);
            guest.vm().attachIrqFd(event, GSI);
            for (int i = 0; i < 3; i++) {
                event.signal();
                awaitSaid(guest, MESSAGE);
                assertQuiet(guest);
            }
        }
    }

    @Test
    void aDetachedEventKeepsItsSignalForLater() throws IOException {
        try (PayloadGuest guest = PayloadGuest.withInterruptChips("lines");
                EventFd event = new EventFd("message")) {
            awaitSaid(guest, IDLE);
            route(guest, MESSAGE_VECTOR);
            guest.vm().attachIrqFd(event, GSI);
            guest.vm().detachIrqFd(event, GSI);
            event.signal();
            assertQuiet(guest);
            guest.vm().attachIrqFd(event, GSI);
            awaitSaid(guest, MESSAGE);
            assertQuiet(guest);
        }
    }

    @Test
    void aFullTableIsTakenAndAReplacedOneForgets() throws IOException {
        try (PayloadGuest guest = PayloadGuest.withInterruptChips("lines");
                EventFd event = new EventFd("message")) {
            awaitSaid(guest, IDLE);
            GsiRouting routing = new GsiRouting();
            routing.reset();
            for (int gsi = GSI; gsi < GsiRouting.CAPACITY - 16; gsi++) {
                routing.addMessage(gsi, MESSAGE_ADDRESS, MESSAGE_VECTOR);
            }
            guest.vm().setGsiRouting(routing);
            guest.vm().attachIrqFd(event, GSI);
            event.signal();
            awaitSaid(guest, MESSAGE);
            routing.reset();
            guest.vm().setGsiRouting(routing);
            event.signal();
            assertQuiet(guest);
        }
    }

    @Test
    void aLevelInterruptsUntilItIsWithdrawn() throws IOException {
        try (PayloadGuest guest = PayloadGuest.withInterruptChips("lines")) {
            awaitSaid(guest, IDLE);
            guest.vm().setIrqLine(PIC_INPUT, true);
            awaitSaid(guest, LEVEL);
            awaitSaid(guest, LEVEL);
            guest.vm().setIrqLine(PIC_INPUT, false);
            assertQuiet(guest);
            guest.vm().setIrqLine(PIC_INPUT, true);
            awaitSaid(guest, LEVEL);
        }
    }

    @Test
    void aDoorbellTakesWritesOfItsWidthAlone() throws IOException {
        try (PayloadGuest guest = new PayloadGuest("mmio", true);
                EventFd event = new EventFd("doorbell")) {
            long device = PayloadGuest.MEMORY_BYTES;
            guest.vm().attachIoEventFd(event, device + 2, 2, false);
            guest.vm().attachIoEventFd(event, device + 8, 4, false);
            VcpuEntry entry = guest.entry(VcpuEntry.kind());
            assertThat(nextWrite(guest, entry)).isEqualTo(device);
            assertThat(nextWrite(guest, entry)).isEqualTo(device + 4);
            assertThat(event.drain()).isEqualTo(1);
            guest.vm().detachIoEventFd(event, device + 2, 2, false);
            assertThat(nextWrite(guest, entry)).as("eight bytes wide").isEqualTo(device + 8);
            assertThat(event.drain()).isZero();
        }
    }

    private static void route(PayloadGuest guest, int vector) {
        GsiRouting routing = new GsiRouting();
        routing.reset();
        routing.addMessage(GSI, MESSAGE_ADDRESS, vector);
        guest.vm().setGsiRouting(routing);
    }

    private static long nextWrite(PayloadGuest guest, VcpuEntry entry) {
        assertThat(VcpuExit.reason(entry.run())).isEqualTo(KvmConstants.KVM_EXIT_MMIO);
        assertThat(guest.run().mmioIsWrite()).isTrue();
        return guest.run().mmioAddress();
    }

    private static int said(PayloadGuest guest) {
        long exit = guest.entry(VcpuEntry.kind()).run();
        assertThat(VcpuExit.isPortWrite(exit)).isTrue();
        return VcpuExit.port(exit);
    }

    private static void awaitSaid(PayloadGuest guest, int port) {
        long startNanos = System.nanoTime();
        while (System.nanoTime() - startNanos < LIMIT_NANOS) {

            if (said(guest) == port) {
                return;
            }
        }
        throw new AssertionError("the guest never wrote port 0x" + Integer.toHexString(port));
    }

    /** What was under way has arrived by then, and nothing else does. */
    private static void assertQuiet(PayloadGuest guest) {
        said(guest);
        for (int round = 0; round < QUIET_ROUNDS; round++) {
            assertThat(said(guest)).isEqualTo(IDLE);
        }
    }
}
