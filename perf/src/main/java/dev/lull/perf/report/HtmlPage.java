package dev.lull.perf.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One self-contained page: the table, and a plot of percentiles for each metric. It follows the reader's light or dark. */
final class HtmlPage {
    private static final String STYLE = """
            :root { color-scheme: light dark; --ink: #1c1e21; --soft: #666c75; --line: #d9dce1; --ground: #ffffff;
              --c0: #0b62c4; --c1: #c2410c; --c2: #15803d; --c3: #9333ea; --c4: #0e7490; --c5: #b45309; --c6: #be185d;
              --c7: #4d7c0f; }
            @media (prefers-color-scheme: dark) {
              :root { --ink: #e6e8eb; --soft: #9aa1ab; --line: #363b43; --ground: #16181c;
                --c0: #6cb0ff; --c1: #ff9257; --c2: #5fd38d; --c3: #c79bff; --c4: #57c7dd; --c5: #f0b34e;
                --c6: #ff85b8; --c7: #b2d64f; } }
            body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
              max-width: 74rem; margin: 2rem auto; padding: 0 1rem; }
            h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
            p, li { color: var(--soft); }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .85rem; }
            th, td { padding: .25rem .55rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
            th:nth-child(-n+3), td:nth-child(-n+3) { text-align: left; }
            svg { width: 100%; height: auto; } text { fill: var(--soft); font-size: 12px; }
            .grid { stroke: var(--line); } .curve { fill: none; stroke-width: 2; }
            .legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; }
            .legend span::before { content: ""; display: inline-block; width: 1.4em; height: 3px; margin-right: .5em;
              vertical-align: middle; background: var(--mine); }
            """;

    private final String scenario;
    private final String title;
    private final List<String> notes;
    private final List<Series> series;
    private final List<List<String>> rows;

    HtmlPage(String scenario, String title, List<String> notes, List<Series> series, List<List<String>> rows) {
        this.scenario = scenario;
        this.title = title;
        this.notes = notes;
        this.series = series;
        this.rows = rows;
    }

    @Override
    public String toString() {
        StringBuilder page = new StringBuilder("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
        page.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.append("<title>").append(escape(scenario)).append("</title>\n");
        page.append("<style>\n").append(STYLE).append("</style>\n");
        page.append("<h1>").append(escape(scenario)).append("</h1>\n");
        page.append("<p>").append(escape(title)).append("</p>\n");
        if (!notes.isEmpty()) {
            page.append("<ul>\n");
            notes.forEach(note -> page.append("<li>").append(escape(note)).append("</li>\n"));
            page.append("</ul>\n");
        }
        table(page);
        byMetric().forEach((metric, members) -> plot(page, metric, members));
        return page.append("</html>\n").toString();
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    private void table(StringBuilder page) {
        page.append("<div class=\"wide\"><table>\n");
        String cell = "th";
        for (List<String> row : rows) {
            page.append("<tr>");
            for (String text : row) {
                page.append('<').append(cell).append('>').append(escape(text));
                page.append("</").append(cell).append('>');
            }
            page.append("</tr>\n");
            cell = "td";
        }
        page.append("</table></div>\n");
    }

    private Map<String, List<Series>> byMetric() {
        Map<String, List<Series>> metrics = new LinkedHashMap<>();
        for (Series one : series) {
            if (one.all().getTotalCount() > 0) {
                metrics.computeIfAbsent(one.metric(), metric -> new ArrayList<>())
                        .add(one);
            }
        }
        return metrics;
    }

    private static void plot(StringBuilder page, String metric, List<Series> members) {
        page.append("<h2>").append(escape(metric)).append(" by percentile</h2>\n<div class=\"legend\">");
        for (int i = 0; i < members.size(); i++) {
            page.append("<span style=\"--mine: %s\">".formatted(PercentilePlot.color(i)));
            page.append(escape(PercentilePlot.label(members.get(i)))).append("</span>");
        }
        page.append("</div>\n").append(new PercentilePlot(metric, members));
    }
}
