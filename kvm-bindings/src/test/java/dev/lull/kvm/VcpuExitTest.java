package dev.lull.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Nothing a vCPU comes back with is taken for something else. */
class VcpuExitTest {
    private static final int LARGEST_ERRNO = 4095;

    @Test
    void aPortAccessKeepsItsParts() {
        for (int port : new int[] {0, 0x3F8, 0x8000, 0xFFFF}) {
            for (int size : new int[] {1, 2, 4}) {
                long read = VcpuExit.portRead(port, size);
                assertPort(read, port, size);
                assertThat(VcpuExit.isPortRead(read)).isTrue();
                assertThat(VcpuExit.isPortWrite(read)).isFalse();
                for (long value : new long[] {0, 1, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL}) {
                    long write = VcpuExit.portWrite(port, size, value);
                    assertPort(write, port, size);
                    assertThat(VcpuExit.isPortWrite(write)).isTrue();
                    assertThat(VcpuExit.isPortRead(write)).isFalse();
                    assertThat(VcpuExit.value(write)).isEqualTo(value);
                }
            }
        }
    }

    @Test
    void noErrorAndNoReasonIsAPortAccess() {
        for (int reason = -LARGEST_ERRNO; reason < 0x80; reason++) {
            assertThat(VcpuExit.isPortRead(reason)).as("%d", reason).isFalse();
            assertThat(VcpuExit.isPortWrite(reason)).as("%d", reason).isFalse();
            assertThat(VcpuExit.reason(reason)).isEqualTo(reason);
        }
    }

    private static void assertPort(long exit, int port, int sizeBytes) {
        assertThat(VcpuExit.reason(exit)).isEqualTo(KvmConstants.KVM_EXIT_IO);
        assertThat(VcpuExit.port(exit)).isEqualTo(port);
        assertThat(VcpuExit.sizeBytes(exit)).isEqualTo(sizeBytes);
    }
}
