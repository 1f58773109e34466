package dev.lull.agent.cli.host;

import java.util.Locale;

/** A {@link HostReport} as one JSON object. Its keys are an interface: none changes its name or meaning. */
public final class ReportJson {
    private ReportJson() {}

    /** The object, several lines. */
    public static String of(HostReport report) {
        StringBuilder json = new StringBuilder("{\n");
        member(json, "  ", "kind", report.kvm().kind().name().toLowerCase(Locale.ROOT))
                .append(",\n");
        member(json, "  ", "runsVms", report.runsVms()).append(",\n");
        member(json, "  ", "runsStockKernels", report.runsStockKernels()).append(",\n");
        json.append("  \"checks\": {\n");
        int left = report.findings().size();
        for (Finding finding : report.findings()) {
            json.append("    ");
            string(json, finding.key()).append(": {");
            member(json, "", "state", finding.state().word()).append(", ");
            member(json, "", "value", finding.value()).append(", ");
            member(json, "", "label", finding.label());
            if (!finding.remedy().isEmpty()) {
                member(json.append(", "), "", "remedy", finding.remedy());
            }
            json.append(--left == 0 ? "}\n" : "},\n");
        }
        return json.append("  }\n}").toString();
    }

    private static StringBuilder member(StringBuilder json, String indent, String name, Object value) {
        string(json.append(indent), name).append(": ");
        return value instanceof Number || value instanceof Boolean
                ? json.append(value)
                : string(json, value.toString());
    }

    private static StringBuilder string(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append("\\u00").append(Character.forDigit(c >> 4, 16)).append(Character.forDigit(c & 15, 16));
            } else {
                json.append(c);
            }
        }
        return json.append('"');
    }
}
