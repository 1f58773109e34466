package dev.lull.agent.cli.top;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;

/** Machines as a table that is as wide as the place for it, its columns where they were however the numbers change. */
final class TopTable {
    private static final int WIDE_COLUMNS = 140;
    private static final int MIN_ID = 8;
    private static final int MAX_ID = 40;
    private static final String UNKNOWN = "-";
    private static final long MIB = 1 << 20;

    private static final TopColumn CPU =
            TopColumn.right("CPU%", 6, row -> known(row.rates().busyPercent(), Amounts::percent));
    private static final TopColumn EXITS =
            TopColumn.right("EXITS/s", 7, row -> known(row.rates().exits(), Amounts::decimal));
    private static final TopColumn MEMORY = TopColumn.right("MEMORY", 11, TopTable::memory);

    private static final List<TopColumn> NARROW = List.of(
            TopColumn.left("S", 1, row -> row.vm().state().substring(0, 1)),
            CPU,
            EXITS,
            TopColumn.right(
                    "READ/s", 6, row -> decimal(row.rates().requests().read().bytes())),
            TopColumn.right(
                    "WRITE/s",
                    7,
                    row -> decimal(row.rates().requests().written().bytes())),
            TopColumn.right(
                    "IOPS", 5, row -> decimal(row.rates().requests().disks().count())),
            TopColumn.right(
                    "RX/s", 5, row -> decimal(row.rates().requests().received().bytes())),
            TopColumn.right(
                    "TX/s", 5, row -> decimal(row.rates().requests().sent().bytes())),
            MEMORY,
            TopColumn.right("P99", 6, TopTable::worst));

    private static final List<TopColumn> WIDE = List.of(
            TopColumn.left("STATE", 11, row -> row.vm().state()),
            TopColumn.right("vCPUs", 5, row -> Integer.toString(row.vm().vcpuCount())),
            CPU,
            EXITS,
            TopColumn.right(
                    "READ B/s", 8, row -> decimal(row.rates().requests().read().bytes())),
            TopColumn.right(
                    "READS/s", 7, row -> decimal(row.rates().requests().read().count())),
            TopColumn.right(
                    "WRITE B/s",
                    9,
                    row -> decimal(row.rates().requests().written().bytes())),
            TopColumn.right(
                    "WRITES/s",
                    8,
                    row -> decimal(row.rates().requests().written().count())),
            TopColumn.right(
                    "RX B/s",
                    6,
                    row -> decimal(row.rates().requests().received().bytes())),
            TopColumn.right(
                    "RX/s", 5, row -> decimal(row.rates().requests().received().count())),
            TopColumn.right(
                    "TX B/s", 6, row -> decimal(row.rates().requests().sent().bytes())),
            TopColumn.right(
                    "TX/s", 5, row -> decimal(row.rates().requests().sent().count())),
            MEMORY,
            TopColumn.left("SLOWEST P99", 24, TopTable::slowest));

    private final List<TopColumn> columns = new ArrayList<>();
    private final String gap;

    /**
     * A table of some width.
     *
     * @param width in characters
     * @param rows whose ids decide how wide theirs is
     */
    TopTable(int width, List<TopRow> rows) {
        boolean wide = width >= WIDE_COLUMNS;
        List<TopColumn> all = wide ? WIDE : NARROW;
        int longestId =
                rows.stream().mapToInt(row -> row.vm().id().length()).max().orElse(0);
        int idWidth = Math.clamp(longestId, MIN_ID, MAX_ID);
        gap = wide && width >= idWidth + sum(all, 2) ? "  " : " ";
        // What finds no place beside the id is left out.
        int count = all.size();
        while (count > 0 && MIN_ID + sum(all.subList(0, count), gap.length()) > width) {
            count--;
        }
        List<TopColumn> shown = all.subList(0, count);
        int room = width - sum(shown, gap.length());
        idWidth = Math.min(idWidth, Math.max(room, 1));
        columns.add(TopColumn.left("ID", idWidth, row -> row.vm().id()));
        columns.addAll(shown);
        if (columns.getLast().left()) {
            columns.add(columns.removeLast().widerBy(room - idWidth));
        }
    }

    /** The titles. */
    String heading() {
        return columns.stream().map(column -> column.fitted(column.title())).collect(Collectors.joining(gap));
    }

    /** A machine. */
    String line(TopRow row) {
        return columns.stream()
                .map(column -> column.fitted(column.cell().apply(row)))
                .collect(Collectors.joining(gap));
    }

    private static int sum(List<TopColumn> columns, int gapWidth) {
        return columns.stream().mapToInt(column -> gapWidth + column.width()).sum();
    }

    private static String memory(TopRow row) {
        return known(row.rates().residentBytes(), Amounts::binary)
                + "/"
                + Amounts.binary((double) row.vm().memoryMib() * MIB);
    }

    private static String worst(TopRow row) {
        long nanos = row.rates().requests().worstP99Nanos();
        return nanos == 0 ? UNKNOWN : Amounts.time((double) nanos);
    }

    private static String slowest(TopRow row) {
        List<RequestRates.Slow> slowest = row.rates().requests().slowest();
        return slowest.isEmpty()
                ? UNKNOWN
                : slowest.stream()
                        .limit(2)
                        .map(slow -> slow.name() + " " + Amounts.time((double) slow.p99Nanos()))
                        .collect(Collectors.joining(", "));
    }

    private static String decimal(double number) {
        return known(number, Amounts::decimal);
    }

    private static String known(double number, DoubleFunction<String> text) {
        return Double.isNaN(number) ? UNKNOWN : text.apply(number);
    }
}
