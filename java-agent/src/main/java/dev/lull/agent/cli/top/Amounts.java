package dev.lull.agent.cli.top;

import java.util.Locale;

/** Numbers in three significant digits, at most five characters wide; times six. */
final class Amounts {
    private static final String[] DECIMAL = {"", "k", "M", "G", "T", "P"};
    private static final String[] BINARY = {"", "K", "M", "G", "T", "P"};
    private static final String[] TIMES = {"ns", "µs", "ms", "s"};
    private static final int THREE_DIGITS = 1000;

    private Amounts() {}

    /** A number with a decimal prefix: {@code 12.3k}. */
    static String decimal(double number) {
        return scaled(number, 1000, DECIMAL);
    }

    /** Bytes with a binary prefix: {@code 1.50G}. */
    static String binary(double bytes) {
        return scaled(bytes, 1024, BINARY);
    }

    /** A time: {@code 12.3µs}. */
    static String time(double nanos) {
        return scaled(nanos, 1000, TIMES);
    }

    /** A percentage with one decimal as long as it is short. */
    static String percent(double percent) {
        return String.format(Locale.ROOT, percent < THREE_DIGITS ? "%.1f" : "%.0f", percent);
    }

    private static String scaled(double number, int step, String[] units) {
        double left = number;
        int unit = 0;
        // What would be rounded to four digits belongs to the next unit.
        while (left >= THREE_DIGITS - 0.5 && unit < units.length - 1) {
            left /= step;
            unit++;
        }
        int decimals = unit == 0 || left >= 99.95 ? 0 : left >= 9.995 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f%s", left, units[unit]);
    }
}
