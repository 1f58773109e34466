package dev.lull.agent.cli.top;

import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** All machines at a moment as lines of text: a summary, the table's headings, and a line a machine. */
final class TopPage {
    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss");
    private static final double MIB = 1 << 20;

    private final List<TopRow> rows;
    private final int processors;

    /**
     * A page.
     *
     * @param rows in any order
     * @param processors the host's
     */
    TopPage(List<TopRow> rows, int processors) {
        this.rows = rows;
        this.processors = processors;
    }

    /**
     * The lines.
     *
     * @param width none is longer, in characters
     * @param height there are no more, but the first two
     */
    List<String> lines(SortKey sort, LocalTime time, int width, int height) {
        TopTable table = new TopTable(width, rows);
        List<String> lines = new ArrayList<>();
        lines.add(cut(summary(time), width));
        lines.add(cut(table.heading(), width));
        int room = Math.max(height - lines.size(), 0);
        int shown = rows.size() <= room ? rows.size() : Math.max(room - 1, 0);
        rows.stream().sorted(sort.order()).limit(shown).forEach(row -> lines.add(cut(table.line(row), width)));
        if (shown < rows.size()) {
            lines.add(cut("and " + (rows.size() - shown) + " more", width));
        }
        return lines;
    }

    private String summary(LocalTime time) {
        long running = rows.stream().filter(row -> row.vm().isAlive()).count();
        return "%s  %d machines, %d on  CPU %s%% of %d00%%  memory %s of %s"
                .formatted(
                        time.format(CLOCK),
                        rows.size(),
                        running,
                        Amounts.percent(sum(row -> row.rates().busyPercent())),
                        processors,
                        Amounts.binary(sum(row -> row.rates().residentBytes())),
                        Amounts.binary(sum(row -> row.vm().isAlive() ? row.vm().memoryMib() * MIB : 0)));
    }

    private double sum(ToDoubleFunction<TopRow> measure) {
        return rows.stream()
                .mapToDouble(measure)
                .filter(value -> !Double.isNaN(value))
                .sum();
    }

    private static String cut(String line, int width) {
        return line.substring(0, Math.min(line.length(), width)).stripTrailing();
    }
}
