package dev.lull.agent.mmds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.json.Json;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A tree is sorted by name and keeps its values; patches are RFC 7396's, pointers RFC 6901's. */
class MetadataTreeTest {
    private static @Nullable Object tree(String text) {
        return MetadataTree.of(Json.parse(text));
    }

    @Test
    void membersAreSortedAndValuesAreAsTheyWere() {
        assertThat(Json.text(tree("{\"b\":[{\"d\":1.0,\"c\":1}],\"B\":1E400,\"a\":null,\"\":[true,-0.50]}")))
                .isEqualTo("{\"\":[true,-0.50],\"B\":1E+400,\"a\":null,\"b\":[{\"c\":1,\"d\":1.0}]}");
    }

    @Test
    void aLongTextOfAnyCharactersComesOutAsItWentIn() {
        for (int length : new int[] {511, 512, 513, 4095, 4096, 4097, 40_000, 100_000}) {
            StringBuilder text = new StringBuilder();
            SplittableRandom random = new SplittableRandom(length);
            while (text.length() < length) {
                int[] characters = {'a', 'ä', '€', 0x1F600, '"', '\\', '\n', 1, 0x7f};
                text.appendCodePoint(characters[random.nextInt(characters.length)]);
            }
            assertThat(Json.parse(Json.bytes(text.toString()))).isEqualTo(text.toString());
        }
    }

    /** The examples of RFC 7396, appendix A. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '\0',
            value = {
                "{\"a\":\"b\"};{\"a\":\"c\"};{\"a\":\"c\"}",
                "{\"a\":\"b\"};{\"b\":\"c\"};{\"a\":\"b\",\"b\":\"c\"}",
                "{\"a\":\"b\"};{\"a\":null};{}",
                "{\"a\":\"b\",\"b\":\"c\"};{\"a\":null};{\"b\":\"c\"}",
                "{\"a\":[\"b\"]};{\"a\":\"c\"};{\"a\":\"c\"}",
                "{\"a\":\"c\"};{\"a\":[\"b\"]};{\"a\":[\"b\"]}",
                "{\"a\":{\"b\":\"c\"}};{\"a\":{\"b\":\"d\",\"c\":null}};{\"a\":{\"b\":\"d\"}}",
                "{\"a\":[{\"b\":\"c\"}]};{\"a\":[1]};{\"a\":[1]}",
                "[\"a\",\"b\"];[\"c\",\"d\"];[\"c\",\"d\"]",
                "{\"a\":\"b\"};[\"c\"];[\"c\"]",
                "{\"a\":\"foo\"};null;null",
                "{\"a\":\"foo\"};\"bar\";\"bar\"",
                "{\"e\":null};{\"a\":1};{\"a\":1,\"e\":null}",
                "[1,2];{\"a\":\"b\",\"c\":null};{\"a\":\"b\"}",
                "{};{\"a\":{\"bb\":{\"ccc\":null}}};{\"a\":{\"bb\":{}}}"
            })
    void aPatchIsMerged(String target, String patch, String result) {
        assertThat(Json.text(MetadataTree.merge(tree(target), Json.parse(patch))))
                .isEqualTo(result);
    }

    @Test
    void aMergeChangesNeitherOfItsParts() {
        Object target = tree("{\"a\":{\"b\":1}}");
        Object patch = Json.parse("{\"a\":{\"b\":null,\"c\":2}}");
        assertThat(Json.text(MetadataTree.merge(target, patch))).isEqualTo("{\"a\":{\"c\":2}}");
        assertThat(Json.text(target)).isEqualTo("{\"a\":{\"b\":1}}");
        assertThat(Json.text(patch)).isEqualTo("{\"a\":{\"b\":null,\"c\":2}}");
    }

    /** The examples of RFC 6901, section 5, and what an array's index may not be. */
    @Test
    void aPointerNamesWhatItShould() {
        Object root = tree("""
                {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\\\j": 5, "k\\"l": 6, " ": 7,
                 "m~n": 8, "nothing": null}""");
        assertThat(MetadataTree.find(root, "")).isEqualTo(new MetadataTree.Found(root));
        String[][] found = {
            {"/foo", "[\"bar\",\"baz\"]"},
            {"/foo/0", "\"bar\""},
            {"/", "0"},
            {"/a~1b", "1"},
            {"/c%d", "2"},
            {"/e^f", "3"},
            {"/g|h", "4"},
            {"/i\\j", "5"},
            {"/k\"l", "6"},
            {"/ ", "7"},
            {"/m~0n", "8"},
            {"/nothing", "null"}
        };
        for (String[] pair : found) {
            MetadataTree.Found value = MetadataTree.find(root, pair[0]);
            assertThat(value).as(pair[0]).isNotNull();
            assertThat(Json.text(value.value())).isEqualTo(pair[1]);
        }
        for (String missing : new String[] {
            "foo",
            "/bar",
            "/foo/2",
            "/foo/-",
            "/foo/-1",
            "/foo/+1",
            "/foo/01",
            "/foo/99999999999",
            "/foo/0/x",
            "/foo/",
            "/nothing/x"
        }) {
            assertThat(MetadataTree.find(root, missing)).as(missing).isNull();
        }
    }
}
