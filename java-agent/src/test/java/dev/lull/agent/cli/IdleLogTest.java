package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.idle.IdleLog;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** {@code lull idle check} and {@code lull idle plot}: a log is judged, and drawn as it is. */
class IdleLogTest {
    /** In nanoseconds: a drawing of 100 ms is 1120 wide, from 64 on. */
    private static final double UNITS_PER_NANO = 1120 / 100e6;

    private static final String[] ORDERLY = {
        "step 1000000 1050000 1 1 7 vm fingerprints MORE false",
        "step 1051000 1100000 1 1 7 vm fingerprints MORE false",
        "step 5000000 9000000 1 1 7 vm zero-pages MORE true",
        "rest 0 5500000 1 1 7 vm fingerprints - false",
        "step 20100000 20150000 1 1 8 vm fingerprints DONE false",
        "rest 20000000 30000000 1 1 8 vm fingerprints - false",
        "step 50100000 50150000 1 1 12 vm fingerprints DONE false",
        "rest 50000000 60000000 1 1 12 vm fingerprints - false",
        "step 100000 200000 0 0 3 a<b fingerprints MORE false",
        "rest 50000 400000 0 0 3 a<b fingerprints - false",
        "overdue 70000000 70050000 -1 -1 0 vm fingerprints - false"
    };

    @TempDir
    private Path directory;

    @Test
    void anOrderlyLogIsInOrder() throws Exception {
        Lull.Result result = Lull.run("idle", "check", log(ORDERLY).toString());
        assertThat(result.out())
                .isEqualTo("6 steps in idle time, 1 on other CPUs of tasks past their deadline; all in order\n");
        assertThat(result.status()).isZero();
    }

    @Test
    void whatIsNotInOrderIsShown() throws Exception {
        List<String> lines = new ArrayList<>(List.of(ORDERLY));
        for (int i = 0; i < 12; i++) {
            lines.add("step %d 70050000 1 1 99 vm fingerprints DONE false".formatted(70_000_000 + i));
        }
        Lull.Result result =
                Lull.run("idle", "check", log(lines.toArray(String[]::new)).toString());
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out())
                .contains("; 12 violations:\n  a step at 70000000 ns on CPU 1 is in no rest\n")
                .endsWith("  and 2 more\n");
        assertThat(result.out().lines()).hasSize(12);
    }

    @Test
    void aPlotShowsWhatTheLogSaysAndWhatItDoesNot() throws Exception {
        Document page = plot("--from", "0ms", "--length", "100ms");
        assertThat(texts(page, "p").getFirst())
                .startsWith(
                        "100.0 ms from 0.0 ms on: 4 rests used, 25.9 ms; 6 steps in them, 0.3 ms; during 1 of these")
                .contains("1 steps of overdue tasks");
        assertThat(texts(page, "h1")).containsExactly("Idle time of 2 CPUs, idle.log");
        assertThat(texts(page, "text")).contains("CPU 0", "CPU 1", "other", "100 ms");
        assertThat(rectangles(page, "rested"))
                .hasSize(4)
                .anySatisfy(rest -> assertThat(rest).isEqualTo(new Rectangle(64, 5.5e6 * UNITS_PER_NANO)));
        // Once awake between rest 7 and 8; between 8 and 12 it halted three times more.
        assertThat(rectangles(page, "ran"))
                .containsExactly(new Rectangle(64 + 5.5e6 * UNITS_PER_NANO, 14.5e6 * UNITS_PER_NANO));
        assertThat(rectangles(page, "unknown"))
                .containsExactly(new Rectangle(64 + 30e6 * UNITS_PER_NANO, 20e6 * UNITS_PER_NANO));
        assertThat(texts(page, "title"))
                .contains(
                        "awake, and halted 3 times that no step used, within these 20000.0 µs (at 30.000 ms)",
                        "2 steps of fingerprints for vm, 99.0 µs together (at 1.000 ms)",
                        "a step of fingerprints for a<b, 100.0 µs (at 0.100 ms)")
                .anyMatch(title -> title.startsWith("the guest woke up during this step of zero-pages"));
        assertThat(texts(page, "li")).contains("step: fingerprints", "step: zero-pages", "guests halted");
    }

    @Test
    void theBusiestIsShownAndPartOfItEnlarged() throws Exception {
        Document page = plot();
        assertThat(page.getElementsByTagName("figure").getLength()).isEqualTo(2);
        assertThat(texts(page, "h2")).containsExactly("The busiest 20.0 ms of it, enlarged");
        assertThat(rectangles(page, "part")).hasSize(1);
        assertThat(plot("--length", "3ms").getElementsByTagName("figure").getLength())
                .isEqualTo(1);
    }

    @Test
    void whatCannotBeDrawnIsSaid() throws Exception {
        Path log = log(ORDERLY);
        assertFails(2, "lull idle plot: --from: the log ends after 70 ms", "plot", log.toString(), "--from", "1s");
        assertFails(2, "lull idle plot: --length: give at least 1ms", "plot", log.toString(), "--length", "0s");
        assertFails(1, "lull: " + directory.resolve("none") + ": there is no such file", "plot", directory + "/none");
        Path empty = log();
        assertFails(1, "lull: " + empty + " has no steps", "plot", empty.toString());
        Path other = Files.writeString(directory.resolve("other"), "something else\n");
        assertFails(1, "lull: " + other + " is not a log of idle time", "check", other.toString());
    }

    private static void assertFails(int status, String message, String... arguments) {
        String[] all = Stream.concat(Stream.of("idle"), Stream.of(arguments)).toArray(String[]::new);
        Lull.Result result = Lull.run(all);
        assertThat(result.errLines()).hasSize(1);
        assertThat(result.err()).startsWith(message);
        assertThat(result.status()).isEqualTo(status);
    }

    private Path log(String... lines) throws IOException {
        List<String> all = new ArrayList<>(List.of(IdleLog.HEADING));
        all.addAll(List.of(lines));
        return Files.write(directory.resolve("idle.log"), all);
    }

    /** The page, which is XML but for two empty elements of its head. */
    private Document plot(String... options) throws Exception {
        Path page = directory.resolve("idle.html");
        String[] command = Stream.concat(
                        Stream.of("idle", "plot", log(ORDERLY).toString(), "-o", page.toString()), Stream.of(options))
                .toArray(String[]::new);
        assertThat(Lull.run(command)).isEqualTo(new Lull.Result(0, "", ""));
        String text = Files.readString(page);
        assertThat(text).startsWith("<!DOCTYPE html>\n").doesNotContain("<script", "http");
        String xml = text.replaceFirst("<!DOCTYPE html>", "").replaceAll("<meta ([^>]*)>", "<meta $1/>");
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(xml.strip())));
    }

    private record Rectangle(double x, double width) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Rectangle that
                    && Math.abs(x - that.x) < 0.01
                    && Math.abs(width - that.width) < 0.01;
        }

        @Override
        public int hashCode() {
            return 0;
        }
    }

    /** Of the first drawing. */
    private static List<Rectangle> rectangles(Document page, String style) {
        List<Rectangle> found = new ArrayList<>();
        NodeList all = ((Element) page.getElementsByTagName("figure").item(0)).getElementsByTagName("rect");
        for (int i = 0; i < all.getLength(); i++) {
            Element element = (Element) all.item(i);
            if (element.getAttribute("class").equals(style)) {
                found.add(new Rectangle(
                        Double.parseDouble(element.getAttribute("x")),
                        Double.parseDouble(element.getAttribute("width"))));
            }
        }
        return found;
    }

    private static List<String> texts(Document page, String tag) {
        List<String> found = new ArrayList<>();
        NodeList all = page.getElementsByTagName(tag);
        for (int i = 0; i < all.getLength(); i++) {
            found.add(all.item(i).getTextContent());
        }
        return found;
    }
}
