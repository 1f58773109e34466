package dev.lull.agent.cli.vm;

import dev.lull.agent.json.Json;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as a person reads it: a member or element a line, indented. */
final class JsonText {
    private static final String INDENT = "  ";

    private JsonText() {}

    static String indented(byte[] json) {
        StringBuilder text = new StringBuilder();
        append(text, Json.parse(json), "\n");
        return text.toString();
    }

    private static void append(StringBuilder text, @Nullable Object value, String lineEnd) {
        String inner = lineEnd + INDENT;
        if (value instanceof Map<?, ?> members && !members.isEmpty()) {
            text.append('{');
            Iterator<? extends Map.Entry<?, ?>> left = members.entrySet().iterator();
            while (left.hasNext()) {
                Map.Entry<?, ?> member = left.next();
                text.append(inner).append(Json.text(member.getKey())).append(": ");
                append(text, member.getValue(), inner);
                text.append(left.hasNext() ? "," : lineEnd);
            }
            text.append('}');
        } else if (value instanceof List<?> elements && !elements.isEmpty()) {
            text.append('[');
            Iterator<?> left = elements.iterator();
            while (left.hasNext()) {
                text.append(inner);
                append(text, left.next(), inner);
                text.append(left.hasNext() ? "," : lineEnd);
            }
            text.append(']');
        } else {
            text.append(Json.text(value));
        }
    }
}
