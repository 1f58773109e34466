package dev.lull.agent.cli.vm;

import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A time as a person writes it: {@code 500ms}, {@code 30s}, {@code 1.5s}, {@code 5m}, {@code 1h}. For picocli. */
public final class TimeSpan implements ITypeConverter<Duration> {
    private static final String[] UNITS = {"ms", "s", "m", "h"};
    private static final long[] MILLIS = {1, 1000, 60_000, 3_600_000};

    @Override
    public Duration convert(String text) {
        for (int i = 0; i < UNITS.length; i++) {
            String number = text.endsWith(UNITS[i]) ? text.substring(0, text.length() - UNITS[i].length()) : "";
            if (number.matches("[0-9]{1,7}(\\.[0-9]{1,3})?")) {
                return Duration.ofMillis(Math.round(Double.parseDouble(number) * MILLIS[i]));
            }
        }
        throw new TypeConversionException("'" + text + "' is no time; write for example 30s, 500ms or 5m");
    }
}
