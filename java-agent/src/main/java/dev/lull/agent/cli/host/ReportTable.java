package dev.lull.agent.cli.host;

import dev.lull.agent.metrics.TextTable;
import java.util.ArrayList;
import java.util.List;

/** A {@link HostReport} as a person reads it. */
public final class ReportTable {
    private static final String GREEN = "\u001b[32m";
    private static final String YELLOW = "\u001b[33m";
    private static final String PLAIN = "\u001b[0m";

    private ReportTable() {}

    /**
     * The report, several lines.
     *
     * @param colour whether marks are coloured
     */
    public static String of(HostReport report, boolean colour) {
        TextTable table = new TextTable("lll");
        for (Finding finding : report.findings()) {
            table.row(mark(finding), finding.label(), value(finding));
        }
        List<String> lines = new ArrayList<>();
        lines.add(report.verdict());
        lines.add("");
        String[] rows = table.toString("  ").split("\n", -1);
        for (int i = 0; i < rows.length; i++) {
            lines.add(colour ? coloured(rows[i], report.findings().get(i)) : rows[i]);
        }
        return String.join("\n", lines);
    }

    private static String mark(Finding finding) {
        return finding.state() == Finding.State.INFO ? "" : finding.state().word();
    }

    private static String value(Finding finding) {
        return finding.remedy().isEmpty() ? finding.value().toString() : finding.value() + "  -> " + finding.remedy();
    }

    private static String coloured(String row, Finding finding) {
        String mark = mark(finding);
        String colour = finding.state() == Finding.State.OK ? GREEN : YELLOW;
        return mark.isEmpty() ? row : row.replaceFirst(mark, colour + mark + PLAIN);
    }
}
