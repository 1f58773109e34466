package dev.lull.agent.mmds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.agent.mmds.net.TestClock;
import java.time.Duration;
import java.util.Base64;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A token is valid until it ends, where it was issued, and cannot be made up. */
class MmdsTokensTest {
    private final TestClock clock = new TestClock();
    private final MmdsTokens tokens = new MmdsTokens("vm", clock);

    @Test
    void aTokenEndsWithItsTime() {
        String brief = tokens.issue(1);
        String lasting = tokens.issue(21_600);
        clock.pass(Duration.ofNanos(999_999_999));
        assertThat(tokens.isValid(brief)).isTrue();
        clock.pass(Duration.ofNanos(1));
        assertThat(tokens.isValid(brief)).isFalse();
        clock.pass(Duration.ofSeconds(21_598));
        assertThat(tokens.isValid(lasting)).isTrue();
        clock.pass(Duration.ofSeconds(1));
        assertThat(tokens.isValid(lasting)).isFalse();
    }

    @Test
    void noTokenIsLikeAnother() {
        Set<String> issued = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            issued.add(tokens.issue(60));
        }
        assertThat(issued).hasSize(1000).allMatch(tokens::isValid);
        // As long as Firecracker's, so whoever stores them has the room.
        assertThat(issued).allMatch(token -> token.length() == 48);
    }

    @Test
    void anotherMachinesTokenIsNotValid() {
        MmdsTokens other = new MmdsTokens("vm", clock);
        String token = other.issue(60);
        assertThat(tokens.isValid(token)).isFalse();
        tokens.issue(60);
        assertThat(tokens.isValid(token)).isFalse();
        assertThat(other.isValid(token)).isTrue();
    }

    @Test
    void aChangedTokenIsNotValid() {
        String token = tokens.issue(60);
        byte[] bytes = Base64.getDecoder().decode(token);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] ^= 1;
            assertThat(tokens.isValid(Base64.getEncoder().encodeToString(bytes)))
                    .isFalse();
            bytes[i] ^= 1;
        }
        assertThat(tokens.isValid(Base64.getEncoder().encodeToString(bytes))).isTrue();
        for (String other : new String[] {
            "", "x", token.substring(4), token + "AAAA", "?".repeat(48), "=".repeat(48), "ä".repeat(48)
        }) {
            assertThat(tokens.isValid(other)).isFalse();
        }
    }

    @Test
    void noTokenLastsShorterOrLongerThanItMay() {
        for (int seconds : new int[] {0, -1, 21_601, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> tokens.issue(seconds)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
