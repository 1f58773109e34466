package dev.lull.agent.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Payloads come out as they went in, or not at all. */
class PayloadUnpackerTest {
    private static final long LIMIT_BYTES = 64 << 20;

    @ParameterizedTest
    @EnumSource(names = {"GZIP", "XZ", "LZ4", "ZSTD"})
    void unpacks(Compression compression) {
        byte[] vmlinux = TestKernels.vmlinux();

        assertThat(unpack(TestKernels.bzImage(compression, vmlinux), LIMIT_BYTES))
                .isEqualTo(vmlinux);
    }

    @ParameterizedTest
    @EnumSource(names = {"GZIP", "XZ", "LZ4", "ZSTD"})
    void unpacksMoreThanOneChunkAndGrows(Compression compression) {
        byte[] content = Arrays.copyOf(TestKernels.vmlinux(), 9_000_000);
        byte[] noise = new byte[100_000];
        new Random(1).nextBytes(noise);
        System.arraycopy(noise, 0, content, 5_000_000, noise.length);

        assertThat(unpack(TestKernels.bzImage(compression, content), LIMIT_BYTES))
                .isEqualTo(content);
    }

    @ParameterizedTest
    @EnumSource(names = {"GZIP", "XZ", "LZ4", "ZSTD"})
    void refusesDamage(Compression compression) {
        byte[] file = TestKernels.bzImage(compression, TestKernels.vmlinux());
        Arrays.fill(file, TestKernels.PAYLOAD + 12, TestKernels.PAYLOAD + 40, (byte) 0x55);

        assertRefused(file, LIMIT_BYTES, "its " + compression.label() + " payload is damaged (");
    }

    @ParameterizedTest
    @EnumSource(names = {"XZ", "LZ4", "ZSTD"})
    void refusesMoreOrLessThanDeclared(Compression compression) {
        byte[] vmlinux = TestKernels.vmlinux();
        for (int difference : new int[] {-1, 1, 1000}) {
            byte[] file = TestKernels.bzImage(compression, vmlinux);
            int declared = TestKernels.PAYLOAD + TestKernels.littleEndian(file).getInt(SetupHeader.PAYLOAD_LENGTH) - 4;
            TestKernels.littleEndian(file).putInt(declared, vmlinux.length + difference);

            assertRefused(file, LIMIT_BYTES, "payload is damaged (");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BZIP2", "LZMA", "LZO"})
    void namesUnsupportedCompressions(Compression compression) {
        byte[] file = TestKernels.bzImage(compression, TestKernels.vmlinux());

        assertRefused(
                file,
                LIMIT_BYTES,
                "its payload is compressed with " + compression.label()
                        + "; give its vmlinux, or a kernel packed with gzip, xz, lz4 or zstd");
    }

    @Test
    void refusesMoreThanTheGuestHolds() {
        byte[] content = Arrays.copyOf(TestKernels.vmlinux(), 3 << 20);

        assertRefused(
                TestKernels.bzImage(Compression.LZ4, content),
                2 << 20,
                "unpacks to 3 MiB, the guest's memory ends at 2 MiB; give the guest more memory");
    }

    private static byte[] unpack(byte[] file, long limitBytes) {
        BzImage image = (BzImage) KernelImage.parse(TestKernels.bytes(file));
        try (MemoryBytes unpacked = PayloadUnpacker.unpack(image, file, limitBytes)) {
            return unpacked.segment().toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static void assertRefused(byte[] file, long limitBytes, String message) {
        assertThatThrownBy(() -> unpack(file, limitBytes))
                .isInstanceOf(KernelException.class)
                .hasMessageStartingWith("kernel test: ")
                .hasMessageContaining(message);
    }
}
