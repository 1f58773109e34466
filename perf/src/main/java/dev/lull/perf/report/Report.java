package dev.lull.perf.report;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/** All that one run of a scenario measured, and the forms it is given out in. */
public final class Report {
    private final String scenario;
    private final String title;
    private final String baseline;
    private final List<Series> series = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    /**
     * @param scenario the name of {@code perf/scenarios/NAME}
     * @param title what it measures, in a line
     * @param baseline the subject others are compared with
     */
    public Report(String scenario, String title, String baseline) {
        this.scenario = scenario;
        this.title = title;
        this.baseline = baseline;
    }

    /** A new metric of a subject; see {@link Measurement} for the words. */
    public Series add(String subject, String variant, String metric, String unit) {
        Series added = new Series(subject, variant, metric, unit);
        series.add(added);
        return added;
    }

    /** Adds a line below the table and on the page: what was left out and why, or how a number came to be. */
    public void note(String line) {
        notes.add(line);
    }

    /** All there is, in the order it was added. */
    public List<Measurement> measurements() {
        return series.stream().map(one -> Measurement.of(scenario, one)).toList();
    }

    /** The median of {@code subject} divided by the baseline's; empty where one of them was not measured. */
    public Optional<Double> ratio(String subject, String variant, String metric) {
        long mine = 0;
        long base = 0;
        for (Measurement one : measurements()) {
            if (one.variant().equals(variant) && one.metric().equals(metric)) {
                mine = one.subject().equals(subject) ? one.p50() : mine;
                base = one.subject().equals(baseline) ? one.p50() : base;
            }
        }
        return mine == 0 || base == 0 ? Optional.empty() : Optional.of((double) mine / base);
    }

    /** Writes the table, and each form {@code options} ask for. */
    public void write(ReportOptions options, PrintStream out) throws IOException {
        out.print(table());
        notes.forEach(out::println);
        Path jsonFile = options.json();
        if (jsonFile != null) {
            write(jsonFile, json());
        }
        Path htmlFile = options.html();
        if (htmlFile != null) {
            write(htmlFile, new HtmlPage(scenario, title, notes, compared(), rows()).toString());
        }
        Path directory = options.hlog();
        if (directory != null) {
            Files.createDirectories(directory);
            for (Series one : series) {
                writeLog(directory, one);
            }
        }
    }

    String json() {
        return measurements().stream().map(Measurement::json).collect(Collectors.joining(",\n  ", "[\n  ", "\n]\n"));
    }

    String table() {
        List<List<String>> rows = rows();
        int[] widths = new int[rows.getFirst().size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder table = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String format = i < 3 ? "%-" + Math.max(1, widths[i]) + "s  " : "%" + widths[i] + "s  ";
                line.append(format.formatted(row.get(i)));
            }
            table.append(line.toString().stripTrailing()).append('\n');
        }
        return table.toString();
    }

    /** What is to be compared stands together: by variant and metric, and the baseline first. */
    private List<Series> compared() {
        List<String> subjects = series.stream().map(Series::subject).distinct().toList();
        Map<String, List<Series>> groups = new LinkedHashMap<>();
        for (Series one : series) {
            groups.computeIfAbsent(one.variant() + " " + one.metric(), key -> new ArrayList<>())
                    .add(one);
        }
        Comparator<Series> order = Comparator.comparing(
                        (Series one) -> !one.subject().equals(baseline))
                .thenComparingInt(one -> subjects.indexOf(one.subject()));
        return groups.values().stream()
                .flatMap(group -> group.stream().sorted(order))
                .toList();
    }

    private List<List<String>> rows() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of(
                "subject", "variant", "metric", "count", "min", "p50", "p90", "p99", "p99.9", "max", "/ " + baseline));
        for (Series each : compared()) {
            Measurement one = Measurement.of(scenario, each);
            rows.add(List.of(
                    one.subject(),
                    one.variant(),
                    one.metric(),
                    Long.toString(one.count()),
                    Quantity.of(one.min(), one.unit()),
                    Quantity.of(one.p50(), one.unit()),
                    Quantity.of(one.p90(), one.unit()),
                    Quantity.of(one.p99(), one.unit()),
                    Quantity.of(one.p999(), one.unit()),
                    Quantity.of(one.max(), one.unit()),
                    ratio(one.subject(), one.variant(), one.metric())
                            .map(ratio -> String.format(Locale.ROOT, "%.3f", ratio))
                            .orElse("")));
        }
        return rows;
    }

    /** One interval of the log is one round. */
    private void writeLog(Path directory, Series one) throws IOException {
        String name = Stream.of(scenario, one.subject(), one.variant(), one.metric())
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining("-"))
                .replaceAll("[^A-Za-z0-9.]+", "-");
        try (PrintStream out = new PrintStream(directory.resolve(name + ".hlog").toFile(), StandardCharsets.UTF_8)) {
            HistogramLogWriter log = new HistogramLogWriter(out);
            log.outputComment(
                    "[" + scenario + ": " + one.metric() + " of " + one.subject() + " in " + one.unit() + "]");
            log.outputLogFormatVersion();
            log.outputLegend();
            for (Histogram round : one.rounds()) {
                log.outputIntervalHistogram(round.getStartTimeStamp() / 1e3, round.getEndTimeStamp() / 1e3, round, 1.0);
            }
        }
    }

    private static void write(Path file, String text) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        Files.writeString(file, text);
    }
}
