package dev.lull.agent.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers stay short, whatever they are. */
class AmountsTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 0ns",
        "0.4, 0, 0, 0ns",
        "999, 999, 999, 999ns",
        "999.6, 1.00k, 0.98K, 1.00µs",
        "1000, 1.00k, 0.98K, 1.00µs",
        "1024, 1.02k, 1.00K, 1.02µs",
        "9996, 10.0k, 9.76K, 10.0µs",
        "123456, 123k, 121K, 123µs",
        "999600, 1.00M, 976K, 1.00ms",
        "268435456, 268M, 256M, 268ms",
        "1234567890, 1.23G, 1.15G, 1.23s",
        "5e12, 5.00T, 4.55T, 5000s"
    })
    void haveThreeDigitsAndAUnit(double number, String decimal, String binary, String time) {
        assertThat(Amounts.decimal(number)).isEqualTo(decimal);
        assertThat(Amounts.binary(number)).isEqualTo(binary);
        assertThat(Amounts.time(number)).isEqualTo(time);
    }

    @ParameterizedTest
    @CsvSource({"0, 0.0", "99.94, 99.9", "3200, 3200", "999.9, 999.9"})
    void percentages(double percent, String text) {
        assertThat(Amounts.percent(percent)).isEqualTo(text);
    }
}
