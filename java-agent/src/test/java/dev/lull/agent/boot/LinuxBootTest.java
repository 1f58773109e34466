package dev.lull.agent.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.memory.GuestMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a loaded kernel finds in memory, and what a user reads when nothing can be loaded. */
class LinuxBootTest {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final int RAM_BYTES = 8 * TestKernels.MIB;
    private static final long ABOVE_HOLE_GPA = 1L << 32;

    @TempDir
    Path directory;

    private final List<String> warnings = new ArrayList<>();
    private Path kernel = Path.of("");
    private final GuestMemory memory = new GuestMemory(List.of(
            new GuestMemory.Region(0, MemorySegment.ofArray(new byte[RAM_BYTES])),
            new GuestMemory.Region(ABOVE_HOLE_GPA, MemorySegment.ofArray(new byte[TestKernels.MIB]))));

    @BeforeEach
    void writeKernel() throws IOException {
        kernel = file("vmlinuz", TestKernels.bzImage(Compression.XZ, TestKernels.vmlinux()));
    }

    @Test
    void saysHowToEnter() {
        BootState state = load(kernel, null, "quiet");

        assertThat(state)
                .isEqualTo(new BootState(
                        TestKernels.ENTRY_GPA,
                        LowMemory.BOOT_PARAMS_GPA,
                        LowMemory.PAGE_TABLES_GPA,
                        LowMemory.GDT_GPA,
                        31,
                        TestKernels.TEXT_GPA,
                        TestKernels.END_GPA));
    }

    @Test
    void mapsTheLow4GibToThemselves() {
        long level4 = load(kernel, null, "").pageTableGpa();

        for (long address = 0; address < 1L << 32; address += 2 << 20) {
            assertThat(translate(level4, address + 0x1234)).isEqualTo(address + 0x1234);
        }
        assertThat(readLong(level4 + 8)).isZero();
    }

    /** Walks the tables as a processor does. */
    private long translate(long level4, long address) {
        long level3 = next(level4, address >>> 39);
        long level2 = next(level3, (address >>> 30) & 511);
        long entry = readLong(level2 + ((address >>> 21) & 511) * 8);
        assertThat(entry & 0x83).isEqualTo(0x83);
        return (entry & ~0x1fffffL) | (address & 0x1fffff);
    }

    private long next(long table, long index) {
        long entry = readLong(table + index * 8);
        assertThat(entry & 0x83).isEqualTo(3);
        return entry & ~0xfffL;
    }

    @Test
    void describesFlatSegmentsAtTheBootSelectors() {
        long gdt = load(kernel, null, "").gdtGpa();

        assertThat(readLong(gdt)).isZero();
        assertThat(readLong(gdt + Gdt.CODE_SELECTOR)).isEqualTo(0x00af_9b00_0000_ffffL);
        assertThat(readLong(gdt + Gdt.DATA_SELECTOR)).isEqualTo(0x00cf_9300_0000_ffffL);
    }

    @Test
    void copiesTheSetupHeaderAndFillsInTheLoadersFields() throws IOException {
        Path initrd = file("initrd", new byte[5000]);

        long params = load(kernel, initrd, "console=ttyS0 é").bootParamsGpa();

        byte[] header = TestKernels.bzImage(Compression.XZ, TestKernels.vmlinux());
        assertThat(readInt(params + 0x202)).isEqualTo(0x53726448);
        assertThat(readInt(params + 0x230))
                .isEqualTo(TestKernels.littleEndian(header).getInt(0x230));
        assertThat(readInt(params + 0x24c))
                .isEqualTo(TestKernels.littleEndian(header).getInt(0x24c));
        assertThat(memory.slice(params + 0x210, 1).get(ValueLayout.JAVA_BYTE, 0))
                .isEqualTo((byte) 0xff);
        assertThat(readLong(params + 0x250)).as("setup_data").isZero();
        assertThat(readLong(params + 0x70)).as("acpi_rsdp_addr").isEqualTo(0xe0000);
        assertThat(readInt(params + 0x21c)).as("ramdisk_size").isEqualTo(5000);
        assertThat(readInt(params + 0x218)).as("ramdisk_image").isEqualTo(RAM_BYTES - 0x2000);
        assertThat(readLong(params + 0xc0)).as("ext_ramdisk_*").isZero();
        assertThat(readInt(params + 0x228)).as("cmd_line_ptr").isEqualTo(0x20000);
        byte[] cmdline = "console=ttyS0 é\0".getBytes(StandardCharsets.UTF_8);
        assertThat(memory.slice(0x20000, cmdline.length).toArray(ValueLayout.JAVA_BYTE))
                .isEqualTo(cmdline);
    }

    @Test
    void givesAVmlinuxAHeaderOfItsOwn() throws IOException {
        long params = load(file("vmlinux", TestKernels.vmlinux()), null, "").bootParamsGpa();

        assertThat(readInt(params + 0x202)).isEqualTo(0x53726448);
        assertThat(readInt(params + 0x1fe) & 0xffff).isEqualTo(0xaa55);
        assertThat(readInt(params + 0x238)).as("cmdline_size").isEqualTo(2047);
        assertThat(readInt(params + 0x218)).as("ramdisk_image").isZero();
    }

    @Test
    void mapsMemoryInE820() {
        long params = load(kernel, null, "").bootParamsGpa();

        assertThat(memory.slice(params + 0x1e8, 1).get(ValueLayout.JAVA_BYTE, 0))
                .isEqualTo((byte) 5);
        assertE820(params, 0, 0, 0x9fc00, 1);
        assertE820(params, 1, 0x9fc00, 0xa0000, 2);
        assertE820(params, 2, 0xe0000, 0x100000, 2);
        assertE820(params, 3, 0x100000, RAM_BYTES, 1);
        assertE820(params, 4, ABOVE_HOLE_GPA, ABOVE_HOLE_GPA + TestKernels.MIB, 1);
    }

    @Test
    void reservesPcisConfigurationSpaceInE820() {
        PciHost pci = new PciHost(0xe000_0000L, 0, 0, 0, 0, 0, 9);
        ByteBuffer page = TestKernels.littleEndian(new byte[4096]);
        E820.writeTo(page, memory, pci);

        assertThat(page.get(0x1e8)).isEqualTo((byte) 6);
        assertThat(page.getLong(0x2d0 + 5 * 20)).isEqualTo(0xe000_0000L);
        assertThat(page.getLong(0x2d0 + 5 * 20 + 8)).isEqualTo(1 << 20);
        assertThat(page.getInt(0x2d0 + 5 * 20 + 16)).isEqualTo(2);
    }

    private void assertE820(long params, int index, long gpa, long end, int type) {
        long entry = params + 0x2d0 + index * 20L;
        assertThat(readLong(entry)).isEqualTo(gpa);
        assertThat(readLong(entry + 8)).isEqualTo(end - gpa);
        assertThat(readInt(entry + 16)).isEqualTo(type);
    }

    @Test
    void keepsTheInitrdBelowWhatTheKernelReaches() throws IOException {
        byte[] image = TestKernels.bzImage(Compression.GZIP, TestKernels.vmlinux());
        TestKernels.littleEndian(image).putInt(SetupHeader.INITRD_ADDR_MAX, 0x3f_ffff);
        byte[] content = {1, 2, 3};

        long params = load(file("low", image), file("initrd", content), "").bootParamsGpa();

        assertThat(readInt(params + 0x218)).isEqualTo(0x3f_f000);
        assertThat(memory.slice(0x3f_f000, 3).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
    }

    @Test
    void takesTheLongestCmdlineButNoLonger() {
        load(kernel, null, "x".repeat(2047));

        assertRefused(
                kernel,
                null,
                "x".repeat(2100),
                "command line: is 2100 bytes long, 53 more than this kernel takes; shorten it to 2047 bytes");
    }

    @Test
    void refusesNulInTheCmdline() {
        assertRefused(
                kernel, null, "a\0b", "command line: holds a NUL at character 1, which would end it; leave it out");
    }

    @Test
    void refusesFilesThatCannotBeKernels() throws IOException {
        String remedy = "; give a Linux bzImage or vmlinux";
        Path missing = directory.resolve("missing");
        Path empty = file("empty", new byte[0]);
        assertRefused(missing, null, "", "kernel " + missing + ": no such file" + remedy);
        assertRefused(directory, null, "", "kernel " + directory + ": is a directory" + remedy);
        assertRefused(empty, null, "", "kernel " + empty + ": is empty" + remedy);
        assertRefused(empty.resolve("x"), null, "", "kernel " + empty + "/x: no such file" + remedy);
        assertRefused(Path.of("/dev/null"), null, "", "kernel /dev/null: is not a regular file" + remedy);
    }

    @Test
    void refusesFilesThatCannotBeInitrds() throws IOException {
        String remedy = "; give an initramfs (a cpio archive, packed or not), or none";
        Path missing = directory.resolve("missing");
        Path empty = file("empty", new byte[0]);
        Path big = file("big", new byte[RAM_BYTES]);
        assertRefused(kernel, missing, "", "initrd " + missing + ": no such file" + remedy);
        assertRefused(kernel, directory, "", "initrd " + directory + ": is a directory" + remedy);
        assertRefused(kernel, empty, "", "initrd " + empty + ": is empty" + remedy);
        assertRefused(
                kernel,
                big,
                "",
                "initrd " + big + ": is 8 MiB, and between the kernel's end at 3 MiB and 8 MiB of memory it does not"
                        + " fit; give the guest more memory or a smaller initrd");
    }

    @Test
    void refusesAKernelOrAGuestWithoutMemory() throws IOException {
        byte[] large = TestKernels.vmlinux();
        TestKernels.littleEndian(large).putLong(64 + 2 * 56 + 40, 1L << 30);
        Path file = file("large", large);
        assertRefused(
                file,
                null,
                "",
                "kernel " + file + ": needs memory up to 1027 MiB, the guest's ends at 8 MiB; give the guest more"
                        + " memory or a smaller kernel");

        assertThatThrownBy(() -> LinuxBoot.load(
                        TestKernels.memory(TestKernels.MIB),
                        new LinuxBoot.Source(kernel, null, ""),
                        cache(),
                        TestKernels.PLATFORM))
                .isInstanceOf(KernelException.class)
                .hasMessage("guest memory: 1 MiB from address 0 is too little to boot; give the guest more");
    }

    private BootState load(Path kernelFile, @Nullable Path initrd, String cmdline) {
        return LinuxBoot.load(memory, new LinuxBoot.Source(kernelFile, initrd, cmdline), cache(), TestKernels.PLATFORM);
    }

    private void assertRefused(Path kernelFile, @Nullable Path initrd, String cmdline, String message) {
        assertThatThrownBy(() -> load(kernelFile, initrd, cmdline))
                .isInstanceOf(KernelException.class)
                .hasMessage(message);
    }

    private PayloadCache cache() {
        return new PayloadCache(directory.resolve("cache"), warnings::add);
    }

    private Path file(String name, byte[] content) throws IOException {
        return Files.write(directory.resolve(name), content);
    }

    private int readInt(long gpa) {
        return memory.slice(gpa, Integer.BYTES).get(INT, 0);
    }

    private long readLong(long gpa) {
        return memory.slice(gpa, Long.BYTES).get(LONG, 0);
    }
}
