package dev.lull.agent.control.log;

import java.util.HexFormat;

/** Text that cannot end its line, move a terminal's cursor or hide what it is. */
public final class SafeText {
    /** journald takes lines of 48 KiB; nobody reads one that long. */
    private static final int MAX_CHARS = 8192;

    private SafeText() {}

    /** {@code text} as {@link #append} makes it. */
    public static String of(String text) {
        StringBuilder line = new StringBuilder(text.length());
        append(line, text);
        return line.toString();
    }

    /**
     * Appends {@code text} with what does not print as an escape sequence of Java's: controls, line ends among them, and
     * characters that turn the direction of others. What is too long is cut.
     */
    static void append(StringBuilder line, String text) {
        int end = Math.min(text.length(), MAX_CHARS);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            switch (Character.getType(c)) {
                case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                    appendEscape(line, c);
                default -> line.append(c);
            }
        }
        if (end < text.length()) {
            line.append("… (").append(text.length() - end).append(" more)");
        }
    }

    private static void appendEscape(StringBuilder line, char c) {
        switch (c) {
            case '\t' -> line.append(' ');
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            default -> line.append("\\u").append(HexFormat.of().toHexDigits(c));
        }
    }
}
