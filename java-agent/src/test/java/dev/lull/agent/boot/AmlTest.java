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
    void eisaIdsStoreTheHighByteFirst() {
        assertThat(Aml.eisaId("PNP0501")).isEqualTo(hex("0c41d00501"));
        assertThat(Aml.eisaId("PNP0A08")).isEqualTo(hex("0c41d00a08"));
    }

    @Test
    void resourcesEndWithATag() {
        assertThat(Aml.resourceTemplate(Aml.ioPorts(0x3f8, 8), Aml.edgeInterrupt(4)))
                .isEqualTo(hex("1116" + "0a13" + "4701f803f8030108" + "890600030104000000" + "7900"));
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }
}
