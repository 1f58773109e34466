package dev.lull.agent.cli;

/** A number of bytes as a person writes it: {@code 256M}. */
final class ByteSize {
    private static final String UNITS = "KMGT";

    private ByteSize() {}

    /**
     * Reads a size.
     *
     * @throws IllegalArgumentException with a message for the user if {@code text} is none
     */
    static long parse(String text) {
        int unit = text.isEmpty() ? -1 : UNITS.indexOf(Character.toUpperCase(text.charAt(text.length() - 1)));
        String digits = unit < 0 ? text : text.substring(0, text.length() - 1);
        try {
            return Math.multiplyExact(Long.parseLong(digits), 1L << (10 * (unit + 1)));
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException("'" + text + "' is no size; write for example 256M or 4G", e);
        }
    }
}
