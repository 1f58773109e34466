package dev.lull.agent.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.memory.GuestMemory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a kernel image must be, and the line that says what it is instead. */
class KernelImageTest {

    @Test
    void readsVmlinux() {
        KernelImage image = KernelImage.parse(TestKernels.bytes(TestKernels.vmlinux()));

        assertThat(image).isInstanceOf(ElfImage.class);
        assertThat(((ElfImage) image).entryGpa()).isEqualTo(TestKernels.ENTRY_GPA);
    }

    @Test
    void loadsSegmentsToTheirAddresses() {
        GuestMemory memory = TestKernels.memory(4 * TestKernels.MIB);
        byte[] vmlinux = TestKernels.vmlinux();

        long end = ElfImage.parse(TestKernels.bytes(vmlinux)).loadInto(memory);

        assertThat(end).isEqualTo(TestKernels.END_GPA);
        assertThat(memory.slice(TestKernels.TEXT_GPA, TestKernels.TEXT_BYTES)
                        .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
                .isEqualTo(Arrays.copyOfRange(
                        vmlinux, TestKernels.TEXT_OFFSET, TestKernels.TEXT_OFFSET + TestKernels.TEXT_BYTES));
        assertThat(memory.slice(TestKernels.DATA_GPA, TestKernels.DATA_BYTES)
                        .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
                .isEqualTo(Arrays.copyOfRange(
                        vmlinux, TestKernels.DATA_OFFSET, TestKernels.DATA_OFFSET + TestKernels.DATA_BYTES));
    }

    @Test
    void readsBzImage() {
        byte[] file = TestKernels.bzImage(Compression.GZIP, TestKernels.vmlinux());

        KernelImage image = KernelImage.parse(TestKernels.bytes(file));

        assertThat(image).isInstanceOfSatisfying(BzImage.class, bzImage -> {
            assertThat(bzImage.compression()).isEqualTo(Compression.GZIP);
            assertThat(bzImage.payloadOffset()).isEqualTo(TestKernels.PAYLOAD);
            assertThat(bzImage.unpackedBytes()).isEqualTo(TestKernels.vmlinux().length);
            assertThat(bzImage.setup().cmdlineMaxBytes()).isEqualTo(2047);
            assertThat(bzImage.setup().initrdAddressMax()).isEqualTo(0x7fffffffL);
        });
    }

    static Stream<Arguments> damagedBzImages() {
        return Stream.of(
                bad("too old a protocol", "boot protocol 2.7 is too old", b -> b.putShort(0x206, (short) 0x207)),
                bad("no boot flag", "boot flag is not 0xaa55", b -> b.putShort(0x1fe, (short) 0)),
                bad("a short header", "setup header ends at 0x212", b -> b.put(0x201, (byte) 0x10)),
                bad("a long header", "setup header ends at 0x301", b -> b.put(0x201, (byte) 0xff)),
                bad("a zImage", "is a zImage", b -> b.put(0x211, (byte) 0)),
                bad("a 32-bit kernel", "no 64-bit entry point", b -> b.putShort(0x236, (short) 0)),
                bad("no payload", "no payload of 0 bytes", b -> b.putInt(0x24c, 0)),
                bad("no payload offset", "damaged bzImage", b -> b.putInt(0x248, 0)),
                bad("an absurd payload", "no payload of 4294967295 bytes", b -> b.putInt(0x24c, -1)),
                bad("a payload behind the end", "is truncated: ", b -> b.putInt(0x248, 0x7fff_0000)),
                bad("setup sectors behind the end", "is truncated: ", b -> b.put(0x1f1, (byte) 200)),
                bad(
                        "an unknown compression",
                        "no known compression (starts with 0x",
                        b -> b.putShort(TestKernels.PAYLOAD, (short) 0x1234)),
                bad(
                        "an absurd unpacked size",
                        "cannot unpack to 4294967295 bytes",
                        b -> b.putInt(TestKernels.PAYLOAD + b.getInt(0x24c) - 4, -1)),
                bad(
                        "no unpacked size",
                        "cannot unpack to 0 bytes",
                        b -> b.putInt(TestKernels.PAYLOAD + b.getInt(0x24c) - 4, 0)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damagedBzImages")
    void refusesBzImageWith(String what, String message, Consumer<ByteBuffer> damage) {
        byte[] file = TestKernels.bzImage(Compression.GZIP, TestKernels.vmlinux());
        damage.accept(TestKernels.littleEndian(file));

        assertRefused(file, message);
    }

    static Stream<Arguments> damagedVmlinuxes() {
        int text = TestKernels.PROGRAM_HEADER + TestKernels.PROGRAM_HEADER_BYTES;
        int data = text + TestKernels.PROGRAM_HEADER_BYTES;
        return Stream.of(
                bad("32 bits", "is not a 64-bit little-endian ELF", b -> b.put(4, (byte) 1)),
                bad("big endian", "is not a 64-bit little-endian ELF", b -> b.put(5, (byte) 2)),
                bad("arm64", "built for ELF machine 183, not for x86-64", b -> b.putShort(18, (short) 183)),
                bad("a module", "is an ELF file of type 1, not an executable", b -> b.putShort(16, (short) 1)),
                bad("no program headers", "0 program headers", b -> b.putShort(56, (short) 0)),
                bad("65535 program headers", "65535 program headers", b -> b.putShort(56, (short) -1)),
                bad("short program headers", "headers of 32 bytes", b -> b.putShort(54, (short) 32)),
                bad("program headers outside", "program headers lie outside", b -> b.putLong(32, Long.MAX_VALUE)),
                bad("program headers at a negative offset", "lie outside", b -> b.putLong(32, -8)),
                bad("a segment outside", "reaches beyond the end", b -> b.putLong(text + 8, 1 << 20)),
                bad("a segment at a negative offset", "reaches beyond the end", b -> b.putLong(text + 8, -1)),
                bad("a segment of negative size", "reaches beyond the end", b -> b.putLong(text + 32, -1)),
                bad("a segment smaller in memory", "sizes or address", b -> b.putLong(text + 40, 1)),
                bad("a segment that wraps", "sizes or address", b -> b.putLong(data + 40, Long.MAX_VALUE)),
                bad("a segment in low memory", "would lie below 1 MiB", b -> b.putLong(text + 24, 0x7000)),
                bad("overlapping segments", "two of its segments overlap", b -> b.putLong(data + 24, 0x20_0100)),
                bad("its entry outside", "entry point 0x300000 lies in none", b -> b.putLong(24, 0x30_0000)),
                bad("its entry in BSS", "lies in none", b -> b.putLong(24, TestKernels.END_GPA - 1)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damagedVmlinuxes")
    void refusesVmlinuxWith(String what, String message, Consumer<ByteBuffer> damage) {
        byte[] file = TestKernels.vmlinux();
        damage.accept(TestKernels.littleEndian(file));

        assertRefused(file, message);
    }

    @Test
    void refusesWhatIsNoKernel() {
        assertRefused(
                "#!/bin/sh\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
                "kernel test: not a bzImage or an ELF x86-64 kernel (starts with 23 21 2f 62, 10 bytes); give a Linux"
                        + " bzImage or vmlinux");
    }

    @Test
    void namesTheCompressionOfPackedVmlinux() {
        assertRefused(TestKernels.pack(Compression.ZSTD, TestKernels.vmlinux()), "(starts with 28 b5 2f fd, zstd data");
    }

    @Test
    void refusesEveryTruncation() {
        for (byte[] file :
                List.of(TestKernels.vmlinux(), TestKernels.bzImage(Compression.LZ4, TestKernels.vmlinux()))) {
            int needed = file.length - (file[0] == 'M' ? 32 : 0);
            for (int length = 1; length < needed; length++) {
                assertRefused(Arrays.copyOf(file, length), "kernel test: ");
            }
        }
    }

    @Test
    void refusesKernelThatDoesNotFit() {
        GuestMemory memory = TestKernels.memory(2 * TestKernels.MIB);
        ElfImage elf = ElfImage.parse(TestKernels.bytes(TestKernels.vmlinux()));

        assertThatThrownBy(() -> elf.loadInto(memory))
                .isInstanceOf(KernelException.class)
                .hasMessage("kernel test: needs memory up to 3 MiB, the guest's ends at 2 MiB; give the guest more"
                        + " memory or a smaller kernel");
    }

    private static Arguments bad(String what, String message, Consumer<ByteBuffer> damage) {
        return Arguments.of(what, message, damage);
    }

    private static void assertRefused(byte[] file, String message) {
        assertThatThrownBy(() -> KernelImage.parse(TestKernels.bytes(file)))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("kernel test: ")
                .hasMessageContaining(message)
                .message()
                .doesNotContain("\n");
    }
}
