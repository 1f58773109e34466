package dev.lull.agent.control.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.control.http.UnixClient.Answer;
import dev.lull.agent.json.Json;
import java.util.Map;
import java.util.Objects;

/** What answers must be like. */
final class Answers {
    private static final String EARLY = "The requested operation is not supported before starting the microVM.";
    private static final String LATE = "The requested operation is not supported after starting the microVM.";

    private Answers() {}

    /** Checks one against a word of the compatibility document. */
    static void check(Answer answer, String word) {
        switch (word) {
            case "200", "204" -> checkSuccess(answer, Integer.parseInt(word));
            case "early" -> checkFault(answer, EARLY);
            case "late" -> checkFault(answer, LATE);
            case "none" -> checkFault(answer, "The requested operation is not supported: Lull has no ");
            // The guest of these tests has no driver at all.
            case "driver" -> checkFault(answer, "the guest has no balloon driver that knows free page hinting");
            case "resume" -> checkFault(answer, "is paused; resume it first");
            default -> throw new AssertionError("the document does not say what '" + word + "' means");
        }
    }

    /** A request was done: 200 has a body of JSON, 204 none. */
    static void checkSuccess(Answer answer, int status) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        if (status == 204) {
            assertThat(answer.body()).isEmpty();
            assertThat(answer.headers()).doesNotContainKeys("content-type", "content-length");
        } else {
            assertThat(answer.headers()).containsEntry("content-type", "application/json");
            assertThat(Json.parse(answer.body())).isNotNull();
        }
    }

    /** A request was refused, in these words among others. */
    static void checkFault(Answer answer, String words) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(faultMessage(answer)).contains(words);
    }

    /** What a refusal says, in one line: it is an object with this message and nothing else. */
    static String faultMessage(Answer answer) {
        assertThat(answer.headers()).containsEntry("content-type", "application/json");
        Map<?, ?> fault = (Map<?, ?>) Objects.requireNonNull(Json.parse(answer.body()));
        assertThat(fault).hasSize(1);
        String message = String.valueOf(fault.get("fault_message"));
        assertThat(message).isNotBlank().doesNotContain("\n");
        return message;
    }
}
