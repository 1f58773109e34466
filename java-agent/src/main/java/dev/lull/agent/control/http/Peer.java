package dev.lull.agent.control.http;

/**
 * The process that connected, as it was then; −1 where it is not known.
 *
 * @param pid 0 if it is in a PID namespace that this process does not see
 * @param uid its effective user
 * @param gid its effective group
 */
public record Peer(int pid, int uid, int gid) {
    /** Nothing is known. */
    public static final Peer UNKNOWN = new Peer(-1, -1, -1);
}
