package dev.lull.agent.mmds;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonFormatException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The store keeps what it was given, within its limit, and nothing of what it refused. */
class MmdsStoreTest {
    private final MmdsStore store = new MmdsStore(MmdsStore.DEFAULT_LIMIT_BYTES);

    private void put(String json) {
        store.put(json.getBytes(UTF_8));
    }

    private void patch(String json) {
        store.patch(json.getBytes(UTF_8));
    }

    private String get() {
        return new String(store.get(), UTF_8);
    }

    private static void assertRefused(ThrowingCallable call, MmdsException.Reason reason, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        MmdsException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessage(message);
    }

    @Test
    void anEmptyStoreIsAnEmptyObject() {
        assertThat(get()).isEqualTo("{}");
        put("null");
        assertThat(get()).isEqualTo("{}");
    }

    @Test
    void whatIsPutReplacesWhatWasThere() {
        put("{\"latest\": {\"meta-data\": {\"ami-id\": \"ami-12345678\"}}, \"count\": 1}");
        assertThat(get()).isEqualTo("{\"count\":1,\"latest\":{\"meta-data\":{\"ami-id\":\"ami-12345678\"}}}");
        put("[1.0, true]");
        assertThat(get()).isEqualTo("[1.0,true]");
    }

    @Test
    void aPatchChangesWhatItNames() {
        put("{\"a\": {\"b\": 1, \"c\": 2}, \"d\": 3}");
        patch("{\"a\": {\"b\": null, \"e\": \"f\"}}");
        assertThat(get()).isEqualTo("{\"a\":{\"c\":2,\"e\":\"f\"},\"d\":3}");
    }

    @Test
    void nothingCanBePatchedBeforeSomethingWasPut() {
        assertRefused(
                () -> patch("{\"a\": 1}"),
                MmdsException.Reason.NOT_INITIALIZED,
                "The MMDS data store is not initialized.");
        put("null");
        patch("{\"a\": 1}");
        assertThat(get()).isEqualTo("{\"a\":1}");
    }

    @Test
    void theLimitIsOfTheCompactText() {
        MmdsStore small = new MmdsStore(10);
        small.put("{ \"a\" :   1234 }".getBytes(UTF_8));
        assertThat(small.get()).hasSize(10);
        String message = "The MMDS patch request doesn't fit.";
        assertRefused(() -> small.put("{\"a\":12345}".getBytes(UTF_8)), MmdsException.Reason.LIMIT_EXCEEDED, message);
        assertRefused(() -> small.patch("{\"b\":1}".getBytes(UTF_8)), MmdsException.Reason.LIMIT_EXCEEDED, message);
        assertThat(new String(small.get(), UTF_8)).isEqualTo("{\"a\":1234}");
        small.patch("{\"a\":null,\"b\":1}".getBytes(UTF_8));
        assertThat(new String(small.get(), UTF_8)).isEqualTo("{\"b\":1}");
    }

    @Test
    void aTextOfTheLimitFits() {
        String value = "x".repeat(MmdsStore.DEFAULT_LIMIT_BYTES - 2);
        put("\"" + value + "\"");
        assertThat(store.get()).hasSize(MmdsStore.DEFAULT_LIMIT_BYTES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{\"a\":1,}", "{\"a\":2", "{\"a\":1,\"a\":2}", "1 2"})
    void whatIsNotJsonChangesNothing(String text) {
        put("{\"a\":1}");
        assertThatThrownBy(() -> put(text)).isInstanceOf(JsonFormatException.class);
        assertThatThrownBy(() -> patch(text)).isInstanceOf(JsonFormatException.class);
        assertThat(get()).isEqualTo("{\"a\":1}");
    }

    @Test
    void depthIsBounded() {
        int most = Json.MAX_DEPTH;
        put("[".repeat(most) + "]".repeat(most));
        assertThatThrownBy(() -> put("[".repeat(most + 1) + "]".repeat(most + 1)))
                .isInstanceOf(JsonFormatException.class);
        put("{\"a\":".repeat(most) + "1" + "}".repeat(most));
        patch("{\"a\":".repeat(most) + "2" + "}".repeat(most));
        assertThat(get()).contains(":2}");
        assertThatThrownBy(() -> patch("{\"a\":".repeat(most + 1) + "2" + "}".repeat(most + 1)))
                .isInstanceOf(JsonFormatException.class);
    }
}
