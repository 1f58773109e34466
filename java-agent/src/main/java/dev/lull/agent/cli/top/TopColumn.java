package dev.lull.agent.cli.top;

import java.util.function.Function;

/**
 * A column of the table.
 *
 * @param width in characters; a longer cell is cut
 * @param left whether cells are to the left
 */
record TopColumn(String title, int width, boolean left, Function<TopRow, String> cell) {
    private static final char MORE = '…';

    static TopColumn left(String title, int width, Function<TopRow, String> cell) {
        return new TopColumn(title, width, true, cell);
    }

    static TopColumn right(String title, int width, Function<TopRow, String> cell) {
        return new TopColumn(title, width, false, cell);
    }

    TopColumn widerBy(int characters) {
        return new TopColumn(title, width + characters, left, cell);
    }

    /** {@code text} in exactly the column's width. */
    String fitted(String text) {
        if (text.length() > width) {
            return text.substring(0, width - 1) + MORE;
        }
        String padding = " ".repeat(width - text.length());
        return left ? text + padding : padding + text;
    }
}
