package dev.lull.agent.control.http;

import java.util.Map;

/**
 * A request, whole.
 *
 * @param method as it was sent, for example {@code PUT}
 * @param path as it was sent, percent signs and all: printable ASCII that begins with {@code /}
 * @param query what follows the first {@code ?}, likewise; empty if there is none
 * @param headers by name in lower case; of one that comes twice the last
 * @param body empty if there is none; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent")
public record HttpRequest(
        String method, String path, String query, Map<String, String> headers, byte[] body, Peer peer) {}
