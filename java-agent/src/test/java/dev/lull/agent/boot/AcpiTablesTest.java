package dev.lull.agent.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lull.device.memory.GuestMemory;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest that starts at the RSDP finds tables that add up, and in them what the platform has. */
class AcpiTablesTest {
    private static final Path IASL = Path.of("/usr/bin/iasl");

    private static final PciHost PCI =
            new PciHost(0xe000_0000L, 0xc000_0000L, 0x2000_0000L, 0x1_0000_0000L, 0x10_0000_0000L, 0xe010_0000L, 9);

    private final GuestMemory memory = TestKernels.memory(2 * TestKernels.MIB);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 32})
    void listsEveryProcessorAndTheIoApic(int cpus) {
        ByteBuffer madt = tables(cpus).get("APIC");

        assertThat(madt.getInt(36)).isEqualTo(0xfee00000);
        assertThat(madt.getInt(40)).as("no 8259s").isZero();
        for (int cpu = 0; cpu < cpus; cpu++) {
            assertThat(madt.getInt(44 + 8 * cpu)).isEqualTo(cpu << 24 | cpu << 16 | 0x0800);
            assertThat(madt.getInt(48 + 8 * cpu)).isEqualTo(1);
        }
        int ioApic = 44 + 8 * cpus;
        assertThat(madt.getShort(ioApic)).isEqualTo((short) 0x0c01);
        assertThat(madt.getInt(ioApic + 4)).isEqualTo(0xfec00000);
        assertThat(madt.getInt(ioApic + 8)).as("GSI base").isZero();
        assertThat(madt.limit()).isEqualTo(ioApic + 12);
    }

    @Test
    void describesAHardwareReducedPlatform() {
        ByteBuffer fadt = tables(1).get("FACP");

        assertThat(fadt.limit()).isEqualTo(276);
        assertThat(fadt.getInt(112) & (1 << 20 | 1 << 10)).isEqualTo(1 << 20 | 1 << 10);
        assertThat(fadt.getShort(109)).as("no VGA, no CMOS RTC, no 8042").isEqualTo((short) 0x24);
        assertThat(tables(1, PCI).get("FACP").getShort(109)).as("an 8042").isEqualTo((short) 0x26);
        assertPort(fadt, 116, 0x606);
        assertThat(fadt.get(128)).isEqualTo((byte) 1);
        assertPort(fadt, 244, 0x604);
        assertPort(fadt, 256, 0x605);
    }

    private static void assertPort(ByteBuffer table, int at, int port) {
        assertThat(table.getInt(at)).isEqualTo(0x01_00_08_01);
        assertThat(table.getLong(at + 4)).isEqualTo(port);
    }

    @Test
    void disassemblesAsMeant(@TempDir Path directory) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(IASL), "iasl, of Debian's acpica-tools, is not installed");
        for (Map.Entry<String, ByteBuffer> table : tables(2, PCI).entrySet()) {
            byte[] bytes = new byte[table.getValue().limit()];
            table.getValue().get(0, bytes);
            Files.write(directory.resolve(table.getKey() + ".dat"), bytes);
        }

        String log = run(directory, IASL.toString(), "-d", "DSDT.dat", "FACP.dat", "APIC.dat", "MCFG.dat", "XSDT.dat");
        String recompiled = run(directory, IASL.toString(), "DSDT.dsl");

        assertThat(log).doesNotContainIgnoringCase("error").doesNotContainIgnoringCase("warning");
        assertThat(recompiled).contains("0 Errors, 0 Warnings");
        assertThat(Files.readString(directory.resolve("DSDT.dsl")))
                .contains("Name (\\_S5, Package (0x04)")
                .contains("Device (COM1)")
                .contains("EisaId (\"PNP0501\")")
                .contains("EisaId (\"PNP0303\")")
                .contains("Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive")
                .contains("EisaId (\"PNP0A08\")")
                .contains("Notify (S1F, 0x03)")
                .contains("EisaId (\"PNP0C0C\")")
                .containsPattern(
                        "If \\(\\(\\\\_SB\\.PWRB\\.PRSD & One\\)\\)\\s*\\{\\s*Notify \\(\\\\_SB\\.PWRB, 0x80\\)");
    }

    private static String run(Path directory, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    @Test
    void saysWhereConfigurationSpaceIs() {
        ByteBuffer mcfg = tables(1, PCI).get("MCFG");

        assertThat(mcfg.limit()).isEqualTo(60);
        assertThat(mcfg.getLong(44)).isEqualTo(0xe000_0000L);
        assertThat(mcfg.getLong(52)).as("segment 0, bus 0 alone").isZero();
    }

    @Test
    void refusesMoreDevicesThanThereIsRoomFor() {
        Platform platform = new Platform(1, 1, 2, 3, 4, false, List.of(new byte[0x20000]), null);

        assertThatThrownBy(() -> AcpiTables.writeTo(memory, platform)).isInstanceOf(IllegalArgumentException.class);
    }

    /** All tables by signature, found and checked as a guest does. */
    private Map<String, ByteBuffer> tables(int cpus) {
        return tables(cpus, null);
    }

    private Map<String, ByteBuffer> tables(int cpus, @Nullable PciHost pci) {
        // The larger machine has what the smaller one need not have.
        boolean keyboard = pci != null;
        Platform platform = new Platform(cpus, 0x604, 0x605, 0x606, 1, keyboard, List.of(AcpiDevices.com1()), pci);
        ByteBuffer rsdp = read(AcpiTables.writeTo(memory, platform), 36);
        assertThat(text(rsdp, 8)).isEqualTo("RSD PTR ");
        assertThat(sum(rsdp, 20)).isZero();
        assertThat(sum(rsdp, 36)).isZero();
        assertThat(rsdp.get(15)).as("revision").isEqualTo((byte) 2);
        Map<String, ByteBuffer> tables = new HashMap<>();
        ByteBuffer xsdt = add(tables, rsdp.getLong(24));
        for (int at = 36; at < xsdt.limit(); at += 8) {
            add(tables, xsdt.getLong(at));
        }
        add(tables, tables.get("FACP").getLong(140));
        assertThat(tables.keySet())
                .isEqualTo(
                        pci == null
                                ? Set.of("XSDT", "FACP", "APIC", "DSDT")
                                : Set.of("XSDT", "FACP", "APIC", "DSDT", "MCFG"));
        return tables;
    }

    private ByteBuffer add(Map<String, ByteBuffer> tables, long gpa) {
        assertThat(gpa).isBetween(0xe0000L, 0xfffffL);
        ByteBuffer table = read(gpa, read(gpa, 36).getInt(4));
        assertThat(sum(table, table.limit())).isZero();
        tables.put(text(table, 4), table);
        return table;
    }

    private ByteBuffer read(long gpa, int length) {
        return TestKernels.littleEndian(memory.slice(gpa, length).toArray(ValueLayout.JAVA_BYTE));
    }

    private static int sum(ByteBuffer bytes, int count) {
        int sum = 0;
        for (int i = 0; i < count; i++) {
            sum += bytes.get(i);
        }
        return sum & 0xff;
    }

    private static String text(ByteBuffer bytes, int count) {
        byte[] text = new byte[count];
        bytes.get(0, text);
        return new String(text, StandardCharsets.US_ASCII);
    }
}
