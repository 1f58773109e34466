package dev.lull.agent.metrics;

import java.util.ArrayList;
import java.util.List;

/** Rows of text in columns as wide as they need to be. */
public final class TextTable {
    private static final String GAP = "  ";

    private final String alignment;
    private final List<String[]> rows = new ArrayList<>();

    /** @param alignment a letter a column: {@code l} for left, {@code r} for right */
    public TextTable(String alignment) {
        this.alignment = alignment;
    }

    /** Adds a row with a cell for each column. */
    public TextTable row(String... cells) {
        if (cells.length != alignment.length()) {
            throw new IllegalArgumentException(cells.length + " cells for " + alignment.length() + " columns");
        }
        rows.add(cells.clone());
        return this;
    }

    /** The table, each line behind {@code indent}, without a line's end behind the last. */
    public String toString(String indent) {
        int[] widths = new int[alignment.length()];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder(indent);
            for (int i = 0; i < row.length; i++) {
                String padding = " ".repeat(widths[i] - row[i].length());
                boolean left = alignment.charAt(i) == 'l';
                line.append(i == 0 ? "" : GAP);
                line.append(left ? row[i] : padding).append(left ? padding : row[i]);
            }
            text.append(text.isEmpty() ? "" : "\n").append(line.toString().stripTrailing());
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return toString("");
    }
}
