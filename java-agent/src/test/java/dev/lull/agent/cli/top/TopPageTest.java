package dev.lull.agent.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonObject;
import java.time.Instant;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page fits where it is shown, and its columns stay. */
class TopPageTest {
    private static final LocalTime NOON = LocalTime.of(12, 0);
    private static final List<TopRow> ROWS =
            List.of(TestRows.off("old"), TestRows.idle("db1"), TestRows.busy("web1", 42), TestRows.busy("web2", 187.3));

    @Test
    void eightyColumns() {
        assertThat(String.join("\n", lines(SortKey.CPU, 80, 24))).isEqualTo("""
                12:00:00  4 machines, 3 on  CPU 229.3% of 400%  memory 641M of 3.00G
                ID       S   CPU% EXITS/s READ/s WRITE/s  IOPS  RX/s  TX/s      MEMORY    P99
                web2     R  187.3   1.23M  1.50G     512 13.4k 1.25G   198  300M/1.00G 12.3ms
                web1     R   42.0   1.23M  1.50G     512 13.4k 1.25G   198  300M/1.00G 12.3ms
                db1      P    0.0       0      -       -     -     -     - 41.0M/1.00G      -
                old      N      -       -      -       -     -     -     -     -/1.00G      -""");
    }

    @Test
    void aHundredAndSixtyColumns() {
        List<String> lines = lines(SortKey.CPU, 160, 24);
        assertThat(lines.get(1))
                .startsWith("ID        STATE        vCPUs    CPU%  EXITS/s")
                .endsWith("SLOWEST P99");
        assertThat(lines.get(2))
                .startsWith("web2      Running          2   187.3    1.23M")
                .contains("drive-root.write 12.3ms");
        assertThat(lines).allMatch(line -> line.length() <= 160);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 20, 40, 79, 80, 81, 100, 139, 140, 153, 154, 200, 400})
    void noLineIsTooLongAndAllColumnsAreAligned(int width) {
        List<String> lines = lines(SortKey.CPU, width, 24);
        assertThat(lines).hasSize(6).allMatch(line -> line.length() <= width);
        List<TopRow> rows = new ArrayList<>(ROWS);
        rows.add(TestRows.busy("a-machine-with-a-rather-long-name-that-somebody-chose", 1));
        assertThat(new TopPage(rows, 4).lines(SortKey.ID, NOON, width, 24)).allMatch(line -> line.length() <= width);
    }

    @Test
    void whatDoesNotFitBelowIsCounted() {
        assertThat(lines(SortKey.CPU, 80, 6)).hasSize(6);
        List<String> lines = lines(SortKey.CPU, 80, 5);
        assertThat(lines).hasSize(5);
        assertThat(lines.get(3)).startsWith("web1 ");
        assertThat(lines.getLast()).isEqualTo("and 2 more");
        assertThat(lines(SortKey.CPU, 80, 1)).hasSizeLessThanOrEqualTo(3);
    }

    @Test
    void whatIsUnknownIsLastWhateverTheOrder() {
        for (SortKey sort : List.of(SortKey.CPU, SortKey.EXITS, SortKey.MEMORY, SortKey.DISK, SortKey.NET)) {
            assertThat(lines(sort, 80, 24).getLast()).as("%s", sort).startsWith("old ");
        }
        assertThat(lines(SortKey.ID, 80, 24).get(2)).startsWith("db1 ");
        assertThat(lines(SortKey.P99, 80, 24).get(2)).startsWith("web1 ");
    }

    @Test
    void jsonTellsWhatIsKnown() {
        JsonObject page = JsonObject.parse(
                TopJson.of(ROWS, SortKey.CPU, Instant.EPOCH).getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(page.string("at")).isEqualTo("1970-01-01T00:00:00Z");
        List<JsonObject> vms = page.objects("vms");
        assertThat(vms).extracting(vm -> vm.string("id")).containsExactly("web2", "web1", "db1", "old");
        String text =
                Json.text(Json.parse(TopJson.of(List.of(TestRows.busy("a", 1.23456)), SortKey.CPU, Instant.EPOCH)));
        assertThat(text).contains("\"busy_percent\":1.235", "\"p99_nanos\":{\"drive-root.write\":12345678");
        assertThat(TopJson.of(List.of(TestRows.off("a")), SortKey.CPU, Instant.EPOCH))
                .contains("\"busy_percent\":null", "\"p99_nanos\":{}");
    }

    private static List<String> lines(SortKey sort, int width, int height) {
        return new TopPage(ROWS, 4).lines(sort, NOON, width, height);
    }
}
