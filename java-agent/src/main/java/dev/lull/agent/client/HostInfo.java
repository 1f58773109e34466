package dev.lull.agent.client;

/**
 * The host's service about itself.
 *
 * @param version its program's
 * @param vms how many virtual machines it has, running or not
 */
public record HostInfo(String version, long vms) {
    static HostInfo parse(byte[] answer) {
        return Answer.read(
                answer, json -> new HostInfo(json.string("version"), json.integer("vms", 0, Long.MAX_VALUE)));
    }
}
