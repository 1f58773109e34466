package dev.lull.agent.cli.idle;

import dev.lull.agent.cli.idle.Timeline.Guests;
import dev.lull.agent.cli.idle.Timeline.Lane;
import dev.lull.agent.cli.idle.Timeline.Span;
import dev.lull.agent.idle.IdleLogLine;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** A part of a {@link Timeline} as a page that needs nothing else: a heading with counts, a legend, drawings. */
final class TimelinePage {
    private static final double NANOS_PER_MILLI = 1e6;
    private static final int COLOURS = 6;

    /** The part that is enlarged is so much shorter, unless that is too short for steps. */
    private static final int ENLARGED = 50;

    private static final long MIN_ENLARGED_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private static final String STYLE = """
            :root { color-scheme: light dark; --back: #fff; --text: #1c2126; --faint: #5a646e; --line: #d9dee3;
              --rested: #b9dcc4; --ran: #59636e; --unknown: #c9ced4; --preempted: #c0182b;
              --task0: #1f6fd0; --task1: #b3560b; --task2: #7b3fb5; --task3: #0b7a75; --task4: #a8327d; --task5: #6b6100; }
            @media (prefers-color-scheme: dark) { :root { --back: #15191d; --text: #e4e8ec; --faint: #9aa5b0; --line: #2f373f;
              --rested: #2b5a3b; --ran: #b4bdc6; --unknown: #434c55; --preempted: #ff6b78;
              --task0: #6db1ff; --task1: #f2a057; --task2: #c49bf0; --task3: #4fc9c2; --task4: #f08ac9; --task5: #d3c64e; } }
            body { margin: 2rem auto; padding: 0 1.5rem; max-width: 80rem; background: var(--back); color: var(--text);
              font: 15px/1.45 system-ui, sans-serif; }
            h1 { font-size: 1.3rem; margin: 0 0 .3rem; } h2 { font-size: 1rem; margin: 1.6rem 0 .3rem; }
            p { margin: .3rem 0; max-width: 62rem; } .faint { color: var(--faint); }
            ul { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin: .8rem 0; padding: 0; }
            li svg { width: 1.3rem; height: .9rem; vertical-align: -1px; margin-right: .4rem; }
            figure { margin: 0; overflow-x: auto; } figure svg { width: 100%; min-width: 50rem; height: auto; }
            .grid { stroke: var(--line); stroke-width: 1; } .tick, .cpu { fill: var(--faint); font-size: 12px; }
            .cpu { fill: var(--text); font-size: 13px; }
            .rested { fill: var(--rested); } .ran { fill: var(--ran); } .unknown { fill: var(--unknown); }
            .preempted { fill: var(--preempted); } .part { fill: none; stroke: var(--text); stroke-width: 1.5; }
            """;

    private final Timeline timeline;
    private final String log;
    private final long fromNanos;
    private final long lengthNanos;
    private final List<String> tasks;

    /**
     * A page of some of it.
     *
     * @param log its name
     * @param fromNanos where it begins, by the timeline's clock
     */
    TimelinePage(Timeline timeline, String log, long fromNanos, long lengthNanos) {
        this.timeline = timeline;
        this.log = log;
        this.fromNanos = fromNanos;
        this.lengthNanos = lengthNanos;
        this.tasks = timeline.lanes().stream()
                .flatMap(lane -> lane.steps().stream())
                .map(IdleLogLine::task)
                .distinct()
                .sorted()
                .toList();
    }

    /** HTML. */
    String html() {
        long partNanos = Math.max(lengthNanos / ENLARGED, MIN_ENLARGED_NANOS);
        boolean enlarged = partNanos < lengthNanos / 2;
        long part = timeline.busiest(fromNanos, fromNanos + lengthNanos, partNanos);
        StringBuilder page = new StringBuilder();
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Idle time: ")
                .append(escaped(log))
                .append("</title>\n<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n")
                .append(STYLE);
        for (int task = 0; task < tasks.size(); task++) {
            page.append(".task%d { fill: var(--task%d); }\n".formatted(task, task % COLOURS));
        }
        page.append("</style>\n</head>\n<body>\n");
        heading(page);
        legend(page);
        page.append("<figure>\n")
                .append(new TimelineSvg(timeline, tasks, fromNanos, lengthNanos).draw(part, enlarged ? partNanos : 0))
                .append("</figure>\n");
        if (enlarged) {
            page.append("<h2>")
                    .append(String.format(
                            Locale.ROOT, "The busiest %.1f ms of it, enlarged", partNanos / NANOS_PER_MILLI))
                    .append("</h2>\n<figure>\n")
                    .append(new TimelineSvg(timeline, tasks, part, partNanos).draw(0, 0))
                    .append("</figure>\n");
        }
        page.append("""
                <p class="faint">What is known: a rest is drawn from the first look of the CPU's worker that found all vCPUs of the
                CPU halted to the last, and only if a step was taken in it. Between two rests KVM's count of halts tells how often
                the guests woke up: once is drawn as awake, though a part of that time may have been the end of the one rest or the
                begin of the other, which no look has seen; more than once as not known, as where the rests between lie is not in
                the log. What is before a CPU's first rest and behind its last is left blank. Steps that follow each other more closely than
                the drawing shows are drawn as one; point at them for their number.</p>
                </body>
                </html>
                """);
        return page.toString();
    }

    private void heading(StringBuilder page) {
        long rests = 0;
        long rested = 0;
        long steps = 0;
        long worked = 0;
        long preempted = 0;
        long overdue = 0;
        long cpus = 0;
        for (Lane lane : timeline.lanes()) {
            cpus += lane.cpu() == Timeline.HOUSEKEEPING ? 0 : 1;
            for (Span span : lane.spans()) {
                if (span.guests() == Guests.RESTED && seenNanos(span.beginNanos(), span.endNanos()) > 0) {
                    rests++;
                    rested += seenNanos(span.beginNanos(), span.endNanos());
                }
            }
            for (IdleLogLine step : lane.steps()) {
                long seen = seenNanos(step.beginNanos(), step.endNanos());
                if (seen > 0 && lane.cpu() == Timeline.HOUSEKEEPING) {
                    overdue++;
                } else if (seen > 0) {
                    steps++;
                    // How much of it the guest had is not known.
                    worked += step.preempted() ? 0 : seen;
                    preempted += step.preempted() ? 1 : 0;
                }
            }
        }
        page.append("<h1>Idle time of %s, %s</h1>\n<p>".formatted(cpus == 1 ? "a CPU" : cpus + " CPUs", escaped(log)))
                .append(String.format(
                        Locale.ROOT,
                        "%.1f ms from %.1f ms on: <b>%d</b> rests used, %.1f ms; <b>%d</b> steps in them, %.1f ms; during <b>%d</b> of "
                                + "these the guest woke up; <b>%d</b> steps of overdue tasks on other CPUs.",
                        lengthNanos / NANOS_PER_MILLI,
                        (fromNanos - timeline.beginNanos()) / NANOS_PER_MILLI,
                        rests,
                        rested / NANOS_PER_MILLI,
                        steps,
                        worked / NANOS_PER_MILLI,
                        preempted,
                        overdue))
                .append("</p>\n");
    }

    private void legend(StringBuilder page) {
        page.append("<ul>\n");
        swatch(page, "rested", "guests halted");
        swatch(page, "ran", "guest awake");
        swatch(page, "unknown", "awake and halted, not known when");
        for (int task = 0; task < tasks.size(); task++) {
            swatch(page, "task" + task, "step: " + tasks.get(task));
        }
        page.append(
                "<li><svg viewBox=\"0 0 13 9\"><path class=\"preempted\" d=\"M6 8l-4 -7h8z\"/></svg>the guest woke up "
                        + "during a step</li>\n</ul>\n");
    }

    private static void swatch(StringBuilder page, String style, String meaning) {
        page.append("<li><svg viewBox=\"0 0 13 9\"><rect class=\"%s\" width=\"13\" height=\"9\"/></svg>%s</li>%n"
                .formatted(style, escaped(meaning)));
    }

    private long seenNanos(long beginNanos, long endNanos) {
        return Math.min(endNanos, fromNanos + lengthNanos) - Math.max(beginNanos, fromNanos);
    }

    /** Text for between tags. */
    static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
