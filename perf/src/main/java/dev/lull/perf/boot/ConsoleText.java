package dev.lull.perf.boot;

import java.nio.charset.StandardCharsets;

/** The end of what a guest wrote to its console, which comes in pieces. */
final class ConsoleText {
    private static final int KEPT = 4096;

    private final String marker;
    private String tail = "";
    private boolean marked;

    /** @param marker the text to look for */
    ConsoleText(String marker) {
        this.marker = marker;
    }

    /** Takes the first {@code length} of {@code bytes}; whether the marker has come, with them or before. */
    boolean accept(byte[] bytes, int length) {
        tail += new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
        marked = marked || tail.contains(marker);
        tail = tail.substring(Math.max(0, tail.length() - KEPT));
        return marked;
    }

    /** The last line with something on it; empty if there is none. */
    String lastLine() {
        return lastLine(tail);
    }

    static String lastLine(String text) {
        return text.lines().map(String::strip).filter(line -> !line.isEmpty()).reduce("", (first, second) -> second);
    }
}
