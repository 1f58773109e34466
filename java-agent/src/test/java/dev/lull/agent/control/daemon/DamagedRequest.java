package dev.lull.agent.control.daemon;

import dev.lull.device.fuzz.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A request that was right before it was damaged as a fuzz input says: its method, segments of its path, the values of its
 * JSON, any byte of it.
 *
 * @param target path and query, as HTTP lets them through
 * @param body empty for none
 */
@SuppressWarnings("ArrayRecordComponent")
record DamagedRequest(String method, String target, byte[] body) {
    private static final int MAX_DAMAGES = 6;
    private static final int MAX_BODY_BYTES = 4096;
    private static final List<String> METHODS = List.of("GET", "PUT", "PATCH", "DELETE", "POST", "HEAD", "put", "X");

    /** Segments of paths that mean something somewhere, and some that cannot. */
    private static final List<String> SEGMENTS = List.of(
            "vms",
            "vm",
            "other",
            "drives",
            "root",
            "data",
            "config",
            "mmds",
            "balloon",
            "hinting",
            "start",
            "statistics",
            "network-interfaces",
            "eth0",
            "hotplug",
            "memory",
            "snapshot",
            "load",
            "pmem",
            "actions",
            "stop",
            "histograms",
            "idle",
            "tasks",
            "counter",
            "",
            ".",
            "..",
            "%2e%2e",
            "%00",
            "-",
            "a".repeat(64),
            "~",
            "events",
            "metrics");

    private static final List<String> VALUES = List.of(
            "0",
            "-1",
            "1",
            "2",
            "33",
            "255",
            "65536",
            "2147483648",
            "4294967296",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551616",
            "1e400",
            "0.5",
            "-0",
            "1E2",
            "01",
            "null",
            "true",
            "false",
            "nul",
            "NaN",
            "\"\"",
            "{}",
            "[]",
            "[0]",
            "[null]",
            "\"x\"",
            "\"eth0\"",
            "\"data\"",
            "\"\\u0000\"",
            "\"\\ud800\"",
            "\"\\n\"",
            "\"../..\"",
            "\"" + "x".repeat(300) + "\"",
            "[".repeat(200),
            "{\"a\":".repeat(130),
            "\"Paused\"",
            "\"V1\"",
            "\"06:00:00:00:00:01\"",
            "\"10.0.0.1\"",
            "\u00e9",
            "\0",
            "\"",
            "\\",
            ",",
            ":",
            "}",
            "]",
            "{");

    /** {@code one} of these, damaged as the rest of {@code input} says. */
    static DamagedRequest of(List<DamagedRequest> whole, byte[] input) {
        Bytes bytes = new Bytes(input);
        DamagedRequest request = whole.get(bytes.word() % whole.size());
        for (int i = 0; i < MAX_DAMAGES && bytes.hasMore(); i++) {
            request = request.damaged(whole, bytes.octet(), bytes.word(), bytes.octet());
        }
        return request;
    }

    private DamagedRequest damaged(List<DamagedRequest> whole, int kind, int place, int choice) {
        return switch (kind & 15) {
            case 0 -> new DamagedRequest(METHODS.get(choice % METHODS.size()), target, body);
            case 1 -> withTarget(segment(place, SEGMENTS.get(choice % SEGMENTS.size()), true));
            case 2 -> withTarget(segment(place, SEGMENTS.get(choice % SEGMENTS.size()), false));
            case 3 -> withTarget(targetByte(place, choice));
            case 4 -> withTarget(target + "?" + (choice % 2 == 0 ? "start=true" : "format=hlog"));
            case 5 -> withBody(whole.get(place % whole.size()).body);
            case 6 -> withBody(spliced(place, 0, text(VALUES.get(choice % VALUES.size()))));
            case 7 -> withBody(spliced(place, 1 + choice % 32, new byte[0]));
            case 8 -> withBody(repeated(place, 1 + choice % 64));
            case 9 -> withBody(bodyByte(place, choice));
            case 10 -> withBody(Arrays.copyOf(body, body.length == 0 ? 0 : place % body.length));
            case 11 -> withBody(member(place, VALUES.get(choice % VALUES.size())));
            default -> withBody(value(place, VALUES.get(choice % VALUES.size())));
        };
    }

    private DamagedRequest withTarget(String changed) {
        return new DamagedRequest(method, changed, body);
    }

    private DamagedRequest withBody(byte[] changed) {
        return new DamagedRequest(method, target, Arrays.copyOf(changed, Math.min(changed.length, MAX_BODY_BYTES)));
    }

    private String segment(int place, String segment, boolean replace) {
        List<String> segments = new ArrayList<>(List.of(target.split("/", -1)));
        int at = place % segments.size();
        if (replace) {
            segments.set(at, segment);
        } else {
            segments.add(at, segment);
        }
        String changed = String.join("/", segments);
        return changed.startsWith("/") ? changed : "/" + changed;
    }

    private String targetByte(int place, int choice) {
        int at = 1 + place % target.length();
        char printable = (char) ('!' + choice % ('~' - '!' + 1));
        return target.substring(0, at) + printable + target.substring(Math.min(target.length(), at + 1));
    }

    private byte[] bodyByte(int place, int choice) {
        byte[] changed = body.clone();
        if (changed.length > 0) {
            changed[place % changed.length] = (byte) choice;
        }
        return changed;
    }

    private byte[] repeated(int place, int length) {
        int at = body.length == 0 ? 0 : place % body.length;
        return spliced(at, 0, Arrays.copyOfRange(body, at, Math.min(body.length, at + length)));
    }

    /** {@code removed} bytes from {@code place} on become {@code inserted}. */
    private byte[] spliced(int place, int removed, byte[] inserted) {
        int at = body.length == 0 ? 0 : place % (body.length + 1);
        int rest = Math.min(body.length, at + removed);
        byte[] changed = Arrays.copyOf(body, at + inserted.length + body.length - rest);
        System.arraycopy(inserted, 0, changed, at, inserted.length);
        System.arraycopy(body, rest, changed, at + inserted.length, body.length - rest);
        return changed;
    }

    /** The value behind a colon becomes another. */
    private byte[] value(int place, String value) {
        int colon = next(place, ':');
        if (colon < 0) {
            return text(value);
        }
        int from = colon + 1;
        while (from < body.length && body[from] == ' ') {
            from++;
        }
        int to = from;
        boolean quoted = to < body.length && body[to] == '"';
        to++;
        while (to < body.length && (quoted ? body[to - 1] != '"' || to == from + 1 : !ends(body[to]))) {
            to++;
        }
        return spliced(from, Math.max(0, Math.min(to, body.length) - from), text(value));
    }

    /** An object has one member more. */
    private byte[] member(int place, String value) {
        int brace = next(place, '{');
        return brace < 0 ? body : spliced(brace + 1, 0, text("\"more\": " + value + ", "));
    }

    private int next(int place, char wanted) {
        for (int i = 0; i < body.length; i++) {
            int at = (place + i) % body.length;
            if (body[at] == wanted) {
                return at;
            }
        }
        return -1;
    }

    private static boolean ends(byte character) {
        return character == ',' || character == '}' || character == ']';
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return method + " " + target + " " + new String(body, StandardCharsets.UTF_8);
    }
}
