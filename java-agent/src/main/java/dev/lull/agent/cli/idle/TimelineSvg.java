package dev.lull.agent.cli.idle;

import dev.lull.agent.cli.idle.Timeline.Lane;
import dev.lull.agent.cli.idle.Timeline.Span;
import dev.lull.agent.idle.IdleLogLine;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A part of a {@link Timeline} as a drawing: two rows a CPU, above what its guests did, below the steps. */
final class TimelineSvg {
    private static final double WIDTH = 1200;
    private static final double LEFT = 64;
    private static final double RIGHT = 16;
    private static final double TOP = 30;
    private static final double ROW = 20;
    private static final double LANE = 66;
    private static final double MARK = 7;
    private static final double PLOT = WIDTH - LEFT - RIGHT;
    private static final double TEXT = 14;
    private static final int TICKS = 10;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double NANOS_PER_MICRO = 1e3;

    /** Steps nearer than that, in the drawing's units, are drawn as one. */
    private static final double NEAR = 0.5;

    private static final double MIN_MARK = 1.5;

    private final Timeline timeline;
    private final List<String> tasks;
    private final long fromNanos;
    private final long lengthNanos;
    private final StringBuilder svg = new StringBuilder();

    /** @param tasks whose place is their colour's */
    TimelineSvg(Timeline timeline, List<String> tasks, long fromNanos, long lengthNanos) {
        this.timeline = timeline;
        this.tasks = tasks;
        this.fromNanos = fromNanos;
        this.lengthNanos = lengthNanos;
    }

    /**
     * The drawing.
     *
     * @param partNanos where a part begins that is marked
     * @param partLengthNanos 0 for none
     */
    String draw(long partNanos, long partLengthNanos) {
        List<Lane> lanes = timeline.lanes().stream().filter(this::isSeen).toList();
        double height = TOP + lanes.size() * LANE;
        line(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"What each CPU did\">",
                WIDTH,
                height));
        axis(height);
        double y = TOP;
        for (Lane lane : lanes) {
            draw(lane, y);
            y += LANE;
        }
        if (partLengthNanos > 0) {
            line(String.format(
                    Locale.ROOT,
                    "<rect class=\"part\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"><title>enlarged below</title></rect>",
                    x(partNanos),
                    TOP - 4,
                    width(partLengthNanos),
                    height - TOP));
        }
        return svg.append("</svg>\n").toString();
    }

    private void axis(double height) {
        for (int tick = 0; tick <= TICKS; tick++) {
            double x = LEFT + PLOT * tick / TICKS;
            double millis = (fromNanos - timeline.beginNanos() + (double) lengthNanos * tick / TICKS) / NANOS_PER_MILLI;
            line(String.format(
                    Locale.ROOT,
                    "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
                    x,
                    TOP - 8,
                    x,
                    height));
            line(String.format(
                    Locale.ROOT,
                    "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
                    x,
                    TOP - 14,
                    tick == 0 ? "start" : tick == TICKS ? "end" : "middle",
                    number(millis) + (tick == TICKS ? " ms" : "")));
        }
    }

    private void draw(Lane lane, double y) {
        boolean housekeeping = lane.cpu() == Timeline.HOUSEKEEPING;
        line(String.format(
                Locale.ROOT,
                "<text class=\"cpu\" x=\"0\" y=\"%.1f\">%s</text>",
                y + TEXT,
                housekeeping ? "other" : "CPU " + lane.cpu()));
        line(String.format(
                Locale.ROOT, "<text class=\"tick\" x=\"0\" y=\"%.1f\">steps</text>", y + ROW + MARK + 4 + TEXT));
        for (Span span : lane.spans()) {
            if (isSeen(span.beginNanos(), span.endNanos())) {
                rect(span.guests().name().toLowerCase(Locale.ROOT), span.beginNanos(), span.endNanos(), y, title(span));
            }
        }
        IdleLogLine first = null;
        IdleLogLine last = null;
        int count = 0;
        long nanos = 0;
        for (IdleLogLine step : lane.steps()) {
            if (!isSeen(step.beginNanos(), step.endNanos())) {
                continue;
            }
            if (step.preempted()) {
                mark(step, y + ROW + 4);
            }
            boolean joins = last != null
                    && last.task().equals(step.task())
                    && last.machine().equals(step.machine())
                    && width(step.beginNanos() - last.endNanos()) < NEAR;
            if (!joins) {
                steps(first, last, count, nanos, y);
                first = step;
                count = 0;
                nanos = 0;
            }
            last = step;
            count++;
            nanos += step.nanos();
        }
        steps(first, last, count, nanos, y);
    }

    /** Steps of one task that follow each other closely. */
    private void steps(@Nullable IdleLogLine first, @Nullable IdleLogLine last, int count, long nanos, double y) {
        if (first == null || last == null) {
            return;
        }
        String what = count == 1
                ? "a step of %s for %s, %s µs".formatted(first.task(), first.machine(), micros(nanos))
                : "%d steps of %s for %s, %s µs together"
                        .formatted(count, first.task(), first.machine(), micros(nanos));
        rect(
                "step task" + tasks.indexOf(first.task()),
                first.beginNanos(),
                last.endNanos(),
                y + ROW + MARK + 4,
                what + at(first.beginNanos()));
    }

    private void mark(IdleLogLine step, double y) {
        double x = x(step.endNanos());
        line(String.format(
                Locale.ROOT,
                "<path class=\"preempted\" d=\"M%.2f %.1fl-4 -%.1fh8z\"><title>%s</title></path>",
                x,
                y + MARK,
                MARK,
                TimelinePage.escaped("the guest woke up during this step of " + step.task() + ", which took "
                        + micros(step.nanos()) + " µs with what the guest took" + at(step.beginNanos()))));
    }

    private void rect(String style, long beginNanos, long endNanos, double y, String title) {
        double x = Math.max(LEFT, x(beginNanos));
        double end = Math.min(LEFT + PLOT, x(endNanos));
        line(String.format(
                Locale.ROOT,
                "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.0f\"><title>%s</title></rect>",
                style,
                x,
                y,
                Math.max(end - x, style.startsWith("step") ? MIN_MARK / 3 : 0),
                ROW,
                TimelinePage.escaped(title)));
    }

    private String title(Span span) {
        String micros = micros(span.endNanos() - span.beginNanos());
        return switch (span.guests()) {
                    case RESTED -> "halted, seen for " + micros + " µs";
                    case RAN -> "awake once within these " + micros + " µs";
                    case UNKNOWN ->
                        span.unseen() < 0
                                ? micros + " µs that the log says nothing of"
                                : "awake, and halted " + span.unseen() + " times that no step used, within these "
                                        + micros + " µs";
                }
                + at(span.beginNanos());
    }

    private String at(long nanos) {
        return String.format(Locale.ROOT, " (at %.3f ms)", (nanos - timeline.beginNanos()) / NANOS_PER_MILLI);
    }

    private static String micros(long nanos) {
        return String.format(Locale.ROOT, "%.1f", nanos / NANOS_PER_MICRO);
    }

    private static String number(double millis) {
        return millis == Math.rint(millis)
                ? String.format(Locale.ROOT, "%.0f", millis)
                : String.format(Locale.ROOT, "%.1f", millis);
    }

    /** Nothing is missing where no task was overdue. */
    private boolean isSeen(Lane lane) {
        return lane.cpu() != Timeline.HOUSEKEEPING
                || lane.steps().stream().anyMatch(step -> isSeen(step.beginNanos(), step.endNanos()));
    }

    private boolean isSeen(long beginNanos, long endNanos) {
        return endNanos > fromNanos && beginNanos < fromNanos + lengthNanos;
    }

    private double x(long nanos) {
        return LEFT + width(nanos - fromNanos);
    }

    private double width(long nanos) {
        return PLOT * nanos / lengthNanos;
    }

    private void line(String element) {
        svg.append(element).append('\n');
    }
}
