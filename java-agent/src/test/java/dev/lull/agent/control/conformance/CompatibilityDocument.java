package dev.lull.agent.control.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The table of requests in {@code docs/firecracker-compatibility.md}. */
final class CompatibilityDocument {
    private static final Path FILE = Path.of(System.getProperty("lull.root"), "docs", "firecracker-compatibility.md");
    private static final String HEADING = "| Request | Not started | Running | Paused |";

    private CompatibilityDocument() {}

    /**
     * A request, and what it is answered.
     *
     * @param name as the table has it, without its marks: {@code PUT /actions InstanceStart}
     */
    record Row(String name, Map<Phase, String> answers) {}

    static List<Row> rows() throws IOException {
        List<String> lines = Files.readAllLines(FILE);
        int heading = 0;
        while (!lines.get(heading).startsWith(HEADING)) {
            heading++;
        }
        List<Row> rows = new ArrayList<>();
        for (String line : lines.subList(heading + 2, lines.size())) {
            if (!line.startsWith("|")) {
                break;
            }
            String[] cells = line.split("\\s*\\|\\s*", -1);
            Map<Phase, String> answers = new EnumMap<>(Phase.class);
            answers.put(Phase.NOT_STARTED, cells[2]);
            answers.put(Phase.RUNNING, cells[3]);
            answers.put(Phase.PAUSED, cells[4]);
            answers.put(Phase.ENDED, cells[2]);
            rows.add(new Row(cells[1].replace("`", ""), answers));
        }
        return rows;
    }
}
