package dev.lull.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.testing.Facility;
import dev.lull.testing.PayloadGuest;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Registers of a guest's that are Lull's to answer, and the counter it reads. */
@Requires(Facility.KVM)
class MsrExitTest {
    private static final long DEVICE = PayloadGuest.MEMORY_BYTES;

    private PayloadGuest guest;

    @BeforeEach
    void makeGuest() throws IOException {
        guest = new PayloadGuest("msr", true);
    }

    @AfterEach
    void closeGuest() {
        guest.close();
    }

    @Test
    void accessesArriveAndAnswersToo() {
        guest.vm().exitOnMsrs(List.of(KvmParaConstants.MSR_KVM_WALL_CLOCK, KvmParaConstants.MSR_KVM_SYSTEM_TIME));
        expect(KvmConstants.KVM_EXIT_X86_WRMSR, KvmParaConstants.MSR_KVM_SYSTEM_TIME);
        assertThat(guest.run().msrData()).isEqualTo(0x1122_3344_5566_7788L);
        guest.run().acceptMsr();
        expect(KvmConstants.KVM_EXIT_X86_RDMSR, KvmParaConstants.MSR_KVM_SYSTEM_TIME);
        guest.run().answerMsr(0x8070_6050_4030_2010L);
        expectWrite(DEVICE, 0x4030_2010L);
        expectWrite(DEVICE + 4, 0x8070_6050L);
        expect(KvmConstants.KVM_EXIT_X86_RDMSR, KvmParaConstants.MSR_KVM_WALL_CLOCK);
        guest.run().answerMsr(1);
        expectWrite(DEVICE + 8, 1);
    }

    @Test
    void theGuestsCounterIsTheHostsAndItsOffset() {
        guest.vm().exitOnMsrs(List.of(KvmParaConstants.MSR_KVM_WALL_CLOCK, KvmParaConstants.MSR_KVM_SYSTEM_TIME));
        long offset = guest.vcpu().tscOffset();
        VcpuEntry entry = guest.entry(VcpuEntry.kind());
        for (int exit = 0; exit < 7; exit++) {
            entry.run();
            guest.run().acceptMsr();
        }
        long before = HostTsc.read() + offset;
        long read = nextWrite(DEVICE + 0x10) | nextWrite(DEVICE + 0x14) << 32;
        assertThat(read).isBetween(before, HostTsc.read() + offset);
    }

    @Test
    void aRefusedAccessIsAFaultOfTheGuests() {
        guest.vm().exitOnMsrs(List.of(KvmParaConstants.MSR_KVM_SYSTEM_TIME));
        expect(KvmConstants.KVM_EXIT_X86_WRMSR, KvmParaConstants.MSR_KVM_SYSTEM_TIME);
        guest.run().refuseMsr();
        // Without a handler for it.
        assertThat(VcpuExit.reason(guest.entry(VcpuEntry.kind()).run())).isEqualTo(KvmConstants.KVM_EXIT_SHUTDOWN);
    }

    private void expect(int reason, int msr) {
        assertThat(VcpuExit.reason(guest.entry(VcpuEntry.kind()).run())).isEqualTo(reason);
        assertThat(guest.run().msrIndex()).isEqualTo(msr);
    }

    private void expectWrite(long gpa, long value) {
        assertThat(nextWrite(gpa)).isEqualTo(value);
    }

    private long nextWrite(long gpa) {
        assertThat(VcpuExit.reason(guest.entry(VcpuEntry.kind()).run())).isEqualTo(KvmConstants.KVM_EXIT_MMIO);
        assertThat(guest.run().mmioAddress()).isEqualTo(gpa);
        return guest.run().data(guest.run().mmioDataOffset(), 4);
    }
}
