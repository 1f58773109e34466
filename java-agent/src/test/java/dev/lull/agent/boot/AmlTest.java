package dev.lull.agent.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Encodings by the letter of ACPI 6.4 §20.2. */
class AmlTest {

    @ParameterizedTest
    @CsvSource({
        "0, 00",
        "1, 01",
        "2, 0a02",
        "255, 0aff",
        "256, 0b0001",
        "65536, 0c00000100",
        "4294967296, 0e0000000001000000",
        "-1, 0effffffffffffffff"
    })
    void integersTakeTheShortestForm(long value, String encoding) {
        assertThat(Aml.integer(value)).isEqualTo(hex(encoding));
    }

    @ParameterizedTest
    @CsvSource({
        // Body lengths at which the package length, which counts itself, grows by a byte.
        "57, 103e",
        "58, 103f",
        "59, 104104",
        "4089, 104fff",
        "4090, 10810001",
        "1048568, 108fffff",
        "1048569, 10c1000001"
    })
    void packageLengthCountsItself(int bodyLength, String start) {
        byte[] scope = Aml.scope("_SB", new byte[bodyLength]);

        byte[] expected = hex(start);
        assertThat(scope).startsWith(expected);
        assertThat(scope).hasSize(expected.length + 4 + bodyLength);
    }

    @Test
    void namesHaveFourCharactersAndMayStartAtTheRoot() {
        assertThat(Aml.name("\\_S5", Aml.integer(0))).isEqualTo(hex("085c5f53355f00"));
    }

    @Test
    void pathsOfSeveralNamesSayHowMany() {
        assertThat(Aml.reference("\\_SB.GED")).isEqualTo(hex("5c2e" + "5f53425f" + "4745445f"));
        assertThat(Aml.reference("_SB.PCI0.UP")).isEqualTo(hex("2f03" + "5f53425f" + "50434930" + "55505f5f"));
    }

    @Test
    void methodsAreSerialized() {
        byte[] body = Aml.store(Aml.reference("UP"), Aml.local(0));
        assertThat(Aml.method("SCAN", 0, body)).isEqualTo(hex("140c" + "5343414e" + "08" + "70" + "55505f5f" + "60"));
        assertThat(Aml.ifAnyBit(Aml.local(1), Aml.integer(2), Aml.notifyOf("S01", 3)))
                .isEqualTo(hex("a00d" + "7b610a0200" + "86" + "5330315f" + "0a03"));
    }

    @Test
    void registersAreFieldsOfARegion() {
        assertThat(Aml.memoryRegion("HPRG", 0xe0100000L, 16))
                .isEqualTo(hex("5b80" + "48505247" + "00" + "0c000010e0" + "0a10"));
        assertThat(Aml.doubleWordFields("HPRG", "UP", "DOWN"))
                .isEqualTo(hex("5b8110" + "48505247" + "03" + "55505f5f20" + "444f574e20"));
    }

    @Test
    void windowsEndWithTheirLastByte() {
        assertThat(AmlResource.memoryWindow32(0xc0000000L, 0x20000000L))
                .isEqualTo(hex("871700" + "000c01" + "00000000" + "000000c0" + "ffffffdf" + "00000000" + "00000020"));
        assertThat(AmlResource.busNumbers(0, 1))
                .isEqualTo(hex("880d00" + "020c00" + "0000" + "0000" + "0000" + "0000" + "0100"));
        assertThat(AmlResource.levelInterrupt(9)).isEqualTo(hex("890600" + "01" + "01" + "09000000"));
        assertThat(AmlResource.fixedMemory(0xe0000000L, 1 << 20))
                .isEqualTo(hex("860900" + "01" + "000000e0" + "00001000"));
    }

    @Test
    void eisaIdsStoreTheHighByteFirst() {
        assertThat(Aml.eisaId("PNP0501")).isEqualTo(hex("0c41d00501"));
        assertThat(Aml.eisaId("PNP0A08")).isEqualTo(hex("0c41d00a08"));
    }

    @Test
    void resourcesEndWithATag() {
        assertThat(AmlResource.template(AmlResource.ioPorts(0x3f8, 8), AmlResource.edgeInterrupt(4)))
                .isEqualTo(hex("1116" + "0a13" + "4701f803f8030108" + "890600030104000000" + "7900"));
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }
}
