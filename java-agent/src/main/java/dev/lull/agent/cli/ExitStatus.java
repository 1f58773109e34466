package dev.lull.agent.cli;

/** What a command's exit status says. */
public final class ExitStatus {
    /** Done; a guest powered off or reset, or was left by {@code Ctrl-a x}. */
    public static final int OK = 0;

    /** The host, the guest or Lull failed. */
    public static final int FAILURE = 1;

    /** The command asks for what cannot be: usage, configuration, kernel. */
    public static final int USAGE = 2;

    private ExitStatus() {}
}
