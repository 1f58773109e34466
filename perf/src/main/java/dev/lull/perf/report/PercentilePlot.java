package dev.lull.perf.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/**
 * Curves of value over percentile, as inline SVG. To the right each step is a tenth of the remaining values, so that the
 * tail has as much room as the middle; upwards the scale is logarithmic.
 */
final class PercentilePlot {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 380;
    private static final int LEFT = 80;
    private static final int RIGHT = 36;
    private static final int TOP = 12;
    private static final int BOTTOM = 36;
    private static final int COLORS = 8;
    private static final int STEPS_PER_NINE = 40;
    private static final double MARGIN = 0.02;

    private final String metric;
    private final List<Series> members;
    private final double nines;
    private final double lowest;
    private final double highest;

    PercentilePlot(String metric, List<Series> members) {
        this.metric = metric;
        this.members = members;
        long most = 1;
        long low = Long.MAX_VALUE;
        long high = 2;
        for (Series one : members) {
            Histogram all = one.all();
            most = Math.max(most, all.getTotalCount());
            low = Math.min(low, all.getMinValue());
            high = Math.max(high, all.getMaxValue());
        }
        this.nines = Math.clamp(Math.floor(Math.log10((double) most)), 1, 6);
        this.lowest = Math.log10((double) Math.max(1, low)) - MARGIN;
        this.highest = Math.log10((double) high) + MARGIN;
    }

    static String color(int index) {
        return "var(--c" + index % COLORS + ")";
    }

    static String label(Series one) {
        return one.variant().isEmpty() ? one.subject() : one.subject() + ", " + one.variant();
    }

    @Override
    public String toString() {
        StringBuilder svg = new StringBuilder();
        svg.append("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s by percentile\">%n"
                .formatted(WIDTH, HEIGHT, HtmlPage.escape(metric)));
        percentileGrid(svg);
        valueGrid(svg);
        for (int i = 0; i < members.size(); i++) {
            curve(svg, members.get(i), color(i));
        }
        return svg.append("</svg>\n").toString();
    }

    private void percentileGrid(StringBuilder svg) {
        grid(svg, x(0.5), "50");
        for (int nine = 1; nine <= nines; nine++) {
            String percentile = nine == 1 ? "90" : nine == 2 ? "99" : "99." + "9".repeat(nine - 2);
            grid(svg, x(1 - Math.pow(10, -nine)), percentile);
        }
    }

    private static void grid(StringBuilder svg, double x, String percentile) {
        svg.append(String.format(
                Locale.ROOT,
                "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>"
                        + "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s %%</text>%n",
                x,
                x,
                TOP,
                HEIGHT - BOTTOM,
                x,
                HEIGHT - BOTTOM + 20,
                percentile));
    }

    /** Lines at 1, 2 and 5 of each decade; at 1 alone where there are many decades. */
    private void valueGrid(StringBuilder svg) {
        int[] marks = highest - lowest > 4 ? new int[] {1} : new int[] {1, 2, 5};
        for (int decade = (int) Math.floor(lowest); decade <= highest; decade++) {
            for (int mark : marks) {
                double value = mark * Math.pow(10, decade);
                if (Math.log10(value) >= lowest && Math.log10(value) <= highest) {
                    double y = y(value);
                    svg.append(String.format(
                            Locale.ROOT,
                            "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                                    + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>%n",
                            LEFT,
                            WIDTH - RIGHT,
                            y,
                            y,
                            LEFT - 8,
                            y + 4,
                            shortened(
                                    Quantity.of((long) value, members.getFirst().unit()))));
                }
            }
        }
    }

    private void curve(StringBuilder svg, Series one, String color) {
        Histogram all = one.all();
        StringBuilder points = new StringBuilder();
        double last = Math.min(nines, Math.log10(Math.max(10, (double) all.getTotalCount())));
        for (int step = 0; step <= last * STEPS_PER_NINE; step++) {
            double part = 1 - Math.pow(10, -(double) step / STEPS_PER_NINE);
            double value = Math.max(1, (double) all.getValueAtPercentile(100 * part));
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(part), y(value)));
        }
        String summary = List.of(50.0, 99.0, 99.9).stream()
                .map(p -> "p%s %s".formatted(p, Quantity.of(all.getValueAtPercentile(p), one.unit())))
                .collect(Collectors.joining(", "));
        svg.append("<polyline class=\"curve\" style=\"stroke: %s\" points=\"%s\"><title>%s: %s</title></polyline>%n"
                .formatted(color, points.toString().strip(), HtmlPage.escape(label(one)), summary));
    }

    private double x(double part) {
        return LEFT + (WIDTH - LEFT - RIGHT) * Math.min(nines, -Math.log10(1 - part)) / nines;
    }

    private double y(double value) {
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (Math.log10(value) - lowest) / (highest - lowest);
    }

    private static String shortened(String quantity) {
        return quantity.replaceAll("\\.0+ ", " ");
    }
}
