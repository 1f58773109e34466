package dev.lull.perf.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import javax.xml.parsers.DocumentBuilderFactory;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Every form of a report holds the numbers that were recorded. */
class ReportTest {
    @TempDir
    Path directory;

    @Command(name = "sample")
    static final class Sample implements Callable<Integer> {
        @Mixin
        private ReportOptions options = new ReportOptions();

        private final PrintStream out;

        Sample(PrintStream out) {
            this.out = out;
        }

        @Override
        public Integer call() throws Exception {
            Report report = new Report("sample", "A \"sample\" & more", "base");
            Series base = report.add("base", "", "latency", "ns");
            Series lull = report.add("lull", "", "latency", "ns");
            for (int round = 0; round < 2; round++) {
                base.beginRound();
                lull.beginRound();
                for (int value = 1; value <= 1000; value++) {
                    base.record(value);
                    lull.record(2L * value);
                }
            }
            report.note("peer left out: not installed");
            report.write(options, out);
            return 0;
        }
    }

    @Test
    void whatIsToBeComparedStandsTogetherAndTheBaselineFirst() {
        Report report = new Report("sample", "a sample", "base");
        for (String[] names : new String[][] {
            {"lull", "one", "latency"},
            {"peer", "one", "latency"},
            {"lull", "one", "work"},
            {"base", "one", "latency"},
            {"peer", "two", "latency"},
            {"base", "two", "latency"},
            {"lull", "two", "latency"}
        }) {
            Series added = report.add(names[0], names[1], names[2], "ns");
            added.beginRound();
            added.record(1);
        }
        assertThat(report.table().lines().skip(1).map(line -> line.replaceAll(" +", " ")))
                .extracting(line -> line.substring(0, line.indexOf(" 1 ")))
                .containsExactly(
                        "base one latency",
                        "lull one latency",
                        "peer one latency",
                        "lull one work",
                        "base two latency",
                        "lull two latency",
                        "peer two latency");
    }

    @Test
    void everyFormHoldsTheNumbers() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Path json = directory.resolve("new/out.json");
        Path html = directory.resolve("out.html");
        Path hlog = directory.resolve("hlog");
        int status = Scenario.execute(
                new Sample(new PrintStream(out, true, StandardCharsets.UTF_8)),
                "--json",
                json.toString(),
                "--html",
                html.toString(),
                "--hlog",
                hlog.toString());
        assertThat(status).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("subject", "/ base", "lull", "1.000 us", "2.000", "peer left out: not installed");
        assertThat(Files.readString(json)).contains("""
                        {"scenario":"sample","subject":"base","variant":"","metric":"latency","unit":"ns","count":2000,\
                        "min":1,"p50":500,"p90":900,"p99":990,"p999":999,"max":1000}""");
        assertThat(rounds(hlog.resolve("sample-lull-latency.hlog"))).isEqualTo(2);
        String page = Files.readString(html);
        assertThat(page)
                .contains("A &quot;sample&quot; &amp; more", "prefers-color-scheme: dark")
                .doesNotContain("http");
        String svg = page.substring(page.indexOf("<svg"), page.indexOf("</svg>") + 6);
        assertThat(DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(new InputSource(new java.io.StringReader(svg)))
                        .getElementsByTagName("polyline")
                        .getLength())
                .isEqualTo(2);
    }

    @Test
    void aMistakeIsOneLineAndStatusTwo() {
        assertThat(Scenario.execute(new Sample(System.out), "--no-such-option")).isEqualTo(2);
    }

    @Test
    void quantitiesAreReadable() {
        assertThat(Quantity.of(999, "ns")).isEqualTo("999 ns");
        assertThat(Quantity.of(7012, "ns")).isEqualTo("7.012 us");
        assertThat(Quantity.of(7012, "ps")).isEqualTo("7.012 ns");
        assertThat(Quantity.of(4_300_000_000L, "ns")).isEqualTo("4.300 s");
        assertThat(Quantity.of(512 << 20, "bytes")).isEqualTo("512.0 MiB");
        assertThat(Quantity.of(37, "runs")).isEqualTo("37 runs");
    }

    private static int rounds(Path log) throws Exception {
        int rounds = 0;
        try (HistogramLogReader reader = new HistogramLogReader(log.toFile())) {
            for (EncodableHistogram interval = reader.nextIntervalHistogram();
                    interval != null;
                    interval = reader.nextIntervalHistogram()) {
                assertThat(interval.getMaxValueAsDouble()).isGreaterThanOrEqualTo(2000);
                rounds++;
            }
        }
        return rounds;
    }
}
