package dev.lull.agent.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":[1,2.50,true,null,{}],\"n\":null}",
                "12345678901234567890123",
                "-9223372036854775808",
                "\"é\\n\\\"\"",
                "[]",
                "null"
            })
    void writesWhatItRead(String text) {
        assertThat(Json.text(Json.parse(text))).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "nul",
                "1 2",
                "{}x",
                "{\"a\":1,}",
                "[1,]",
                "{a:1}",
                "{\"a\":1,\"a\":2}",
                "01",
                "1e2147483648",
                "-1e99999999999999999999",
                "'x'",
                "NaN",
                "\"\u0001\"",
                "{\"a\"}"
            })
    void refusesWhatIsNotJson(String text) {
        assertThatThrownBy(() -> Json.parse(text)).isInstanceOf(JsonFormatException.class);
    }

    @Test
    void whatIsNoValueOfJsonIsWrittenAsText() {
        // A path is iterable, over paths that are so again.
        assertThat(Json.text(Map.of("p", Path.of("/run/lull")))).isEqualTo("{\"p\":\"/run/lull\"}");
    }

    @Test
    void refusesWhatIsTooDeepToBeRead() {
        assertThat(Json.parse("[".repeat(Json.MAX_DEPTH) + "]".repeat(Json.MAX_DEPTH)))
                .isNotNull();
        assertThatThrownBy(() -> Json.parse("[".repeat(50_000))).isInstanceOf(JsonFormatException.class);
        assertThatThrownBy(() -> Json.parse("{\"a\":".repeat(50_000))).isInstanceOf(JsonFormatException.class);
    }

    @Test
    void readsMembersByTypeAndRefusesOthers() {
        JsonObject object = JsonObject.of(Json.parse("{\"s\":\"x\",\"i\":7,\"b\":true,\"more\":1}"));
        assertThat(object.string("s")).isEqualTo("x");
        assertThat(object.integer("i", 0, 255)).isEqualTo(7);
        assertThat(object.truth("b")).isTrue();
        assertThat(object.optionalString("none")).isNull();
        assertThatThrownBy(object::end).hasMessage("unknown field `more`, expected one of `s`, `i`, `b`, `none`");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"i\":256}",
                "{\"i\":-1}",
                "{\"i\":1.5}",
                "{\"i\":\"7\"}",
                "{\"i\":null}",
                "{}",
                "{\"i\":99999999999999999999}"
            })
    void refusesNumbersThatAreNone(String text) {
        JsonObject object = JsonObject.of(Json.parse(text));
        assertThatThrownBy(() -> object.integer("i", 0, 255))
                .isInstanceOf(JsonFormatException.class)
                .hasMessageContaining("i");
    }
}
