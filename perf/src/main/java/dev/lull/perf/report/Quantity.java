package dev.lull.perf.report;

import java.util.Locale;

/** Numbers as a person reads them. */
public final class Quantity {
    private static final String[] TIMES = {"ps", "ns", "us", "ms", "s"};
    private static final String[] BYTES = {"B", "KiB", "MiB", "GiB"};

    private Quantity() {}

    /** Four significant digits in the unit that suits: {@code 7.012 us}, {@code 512.0 MiB}, {@code 37 runs}. */
    public static String of(long value, String unit) {
        return switch (unit) {
            case "ps" -> scaled(value, 0, TIMES, 1000);
            case "ns" -> scaled(value, 1, TIMES, 1000);
            case "bytes" -> scaled(value, 0, BYTES, 1024);
            default -> value + " " + unit;
        };
    }

    private static String scaled(long value, int given, String[] units, int factor) {
        double scaled = value;
        int unit = given;
        while (scaled >= factor && unit < units.length - 1) {
            scaled /= factor;
            unit++;
        }
        if (unit == given) {
            return value + " " + units[given];
        }
        int decimals = scaled >= 1000 ? 0 : scaled >= 100 ? 1 : scaled >= 10 ? 2 : 3;
        return String.format(Locale.ROOT, "%." + decimals + "f %s", scaled, units[unit]);
    }
}
