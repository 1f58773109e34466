package dev.lull.agent.control.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The resource {@code requests.txt}, which says itself what it holds. */
public final class RequestsResource {
    private static final Pattern REQUEST = Pattern.compile(
            "(?<method>[A-Z]+) (?<path>\\S+)(?: (?<body>.*))? -> (?<status>\\d+)(?<deprecated> deprecated)?"
                    + "(?: (?<words>.*))?");
    private static final Pattern CHECK = Pattern.compile(" {4}(?<pointer>/\\S+) = (?<value>.*)");
    private static final String JSON = "json:";
    private static final String JSON_WORDS = "An error occurred when deserializing the json body of a request:";

    private RequestsResource() {}

    /**
     * What one machine is sent, one request after the other.
     *
     * @param bare whether nothing is configured of it at first
     * @param chapter what its requests are about
     */
    public record Story(Phase phase, boolean bare, String chapter, List<Exchange> exchanges) {}

    /**
     * A request and its answer.
     *
     * @param body empty if there is none
     * @param words of a refusal; or the body of an answer with status 200, or empty for any
     * @param checks of the configuration afterwards
     */
    public record Exchange(
            String method,
            String path,
            String body,
            int status,
            boolean deprecated,
            String words,
            List<Check> checks) {}

    /** @param value as JSON */
    public record Check(String pointer, String value) {}

    /** All of them, in their order. */
    public static List<Story> stories() throws IOException {
        Phase phase = Phase.NOT_STARTED;
        boolean bare = false;
        String chapter = "";
        List<Story> stories = new ArrayList<>();
        List<Exchange> current = new ArrayList<>();
        for (String line : (text() + "\n").split("\n", -1)) {
            if (line.isBlank() || line.startsWith("#") || line.startsWith("[")) {
                if (!current.isEmpty()) {
                    stories.add(new Story(phase, bare, chapter, List.copyOf(current)));
                    current.clear();
                }
                if (line.startsWith("[")) {
                    String[] words = line.substring(1, line.length() - 1).split(", ", 2);
                    phase = Phase.valueOf(words[0].toUpperCase(Locale.ROOT).replace(' ', '_'));
                    bare = words.length > 1;
                    chapter = phase.title();
                } else if (line.startsWith("## ")) {
                    chapter = phase.title() + ": " + line.substring(3);
                }
            } else if (line.startsWith(" ")) {
                current.getLast().checks.add(check(line));
            } else {
                current.add(exchange(line));
            }
        }
        return stories;
    }

    private static Exchange exchange(String line) {
        Matcher matcher = matching(REQUEST, line);
        String words = matcher.group("words") == null ? "" : matcher.group("words");
        return new Exchange(
                matcher.group("method"),
                matcher.group("path"),
                matcher.group("body") == null ? "" : matcher.group("body"),
                Integer.parseInt(matcher.group("status")),
                matcher.group("deprecated") != null,
                words.startsWith(JSON) ? JSON_WORDS + words.substring(JSON.length()) : words,
                new ArrayList<>());
    }

    private static Check check(String line) {
        Matcher matcher = matching(CHECK, line);
        return new Check(matcher.group("pointer"), matcher.group("value"));
    }

    private static Matcher matching(Pattern pattern, String line) {
        Matcher matcher = pattern.matcher(line);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("requests.txt: cannot be read: " + line);
        }
        return matcher;
    }

    private static String text() throws IOException {
        try (InputStream stream = RequestsResource.class.getResourceAsStream("requests.txt")) {
            if (stream == null) {
                throw new IOException("requests.txt is missing");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
