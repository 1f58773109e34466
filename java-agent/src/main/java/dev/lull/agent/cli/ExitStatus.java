package dev.lull.agent.cli;

/** What a command's exit status says. */
final class ExitStatus {
    /** Done; a guest powered off or reset, or was left by {@code Ctrl-a x}. */
    static final int OK = 0;

    /** The host, the guest or Lull failed. */
    static final int FAILURE = 1;

    /** The command asks for what cannot be: usage, configuration, kernel. */
    static final int USAGE = 2;

    private ExitStatus() {}
}
