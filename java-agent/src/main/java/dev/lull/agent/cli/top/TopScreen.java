package dev.lull.agent.cli.top;

import dev.lull.agent.cli.RawTerminal;
import dev.lull.agent.cli.Stdio;
import dev.lull.linux.Terminal;
import java.io.IOException;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The page on a terminal, drawn anew at each look and when a key is pressed. */
final class TopScreen {
    private static final String HOME = "\u001b[H";
    private static final String CLEAR_LINE = "\u001b[K\r\n";
    private static final String CLEAR_BELOW = "\u001b[J";
    private static final String REVERSE = "\u001b[7m";
    private static final String PLAIN = "\u001b[0m";
    private static final int CTRL_C = 3;
    private static final int END = -1;
    private static final Terminal.Size USUAL = new Terminal.Size(80, 24);

    private final Stdio stdio;
    private final Sampling sampling;
    private final Duration interval;
    private final BlockingQueue<Integer> keys = new LinkedBlockingQueue<>();
    private SortKey sort;

    TopScreen(Stdio stdio, Sampling sampling, Duration interval, SortKey sort) {
        this.stdio = stdio;
        this.sampling = sampling;
        this.interval = interval;
        this.sort = sort;
    }

    /** Shows the page until the user leaves, or the terminal goes away. */
    void run() throws InterruptedException {
        try (RawTerminal terminal = RawTerminal.withScreen(stdio)) {
            Thread.ofPlatform().name("lull-keys").daemon().start(this::readKeys);
            List<TopRow> rows = sampling.look();
            long nextNanos = System.nanoTime() + interval.toNanos();
            while (terminal.write(drawn(rows))) {
                Integer key = keys.poll(nextNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (key == null) {
                    rows = sampling.look();
                    nextNanos = System.nanoTime() + interval.toNanos();
                } else if (key == 'q' || key == CTRL_C || key == END) {
                    return;
                } else {
                    SortKey chosen = SortKey.of(key);
                    sort = chosen == null ? sort : chosen;
                }
            }
        }
    }

    private String drawn(List<TopRow> rows) {
        Terminal.Size known = Terminal.size(stdio.terminalFd());
        Terminal.Size size = known == null ? USUAL : known;
        List<String> lines = new TopPage(rows, Runtime.getRuntime().availableProcessors())
                .lines(sort, LocalTime.now(ZoneId.systemDefault()), size.columns(), size.rows() - 1);
        StringBuilder screen = new StringBuilder(HOME);
        for (int i = 0; i < lines.size(); i++) {
            boolean isHeading = i == 1;
            String line = lines.get(i);
            screen.append(isHeading ? REVERSE + padded(line, size.columns()) + PLAIN : line)
                    .append(CLEAR_LINE);
        }
        return screen.append(CLEAR_BELOW).append(foot(size.columns())).toString();
    }

    private String foot(int columns) {
        String note = sampling.note();
        String text = note.isEmpty()
                ? "q leave   sort by: "
                        + Stream.of(SortKey.values())
                                .map(key -> key == sort ? "[" + key.hint() + "]" : key.hint())
                                .collect(Collectors.joining("  "))
                : note;
        return text.substring(0, Math.min(text.length(), columns));
    }

    private void readKeys() {
        try {
            int key = stdio.in().read();
            while (key >= 0) {
                keys.add(key);
                key = stdio.in().read();
            }
        } catch (IOException e) {
            // The terminal is gone.
        }
        keys.add(END);
    }

    private static String padded(String line, int columns) {
        return line + " ".repeat(Math.max(columns - line.length(), 0));
    }
}
