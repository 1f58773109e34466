package dev.lull.perf.report;

import java.util.concurrent.Callable;
import picocli.CommandLine;

/** How every scenario's program starts and fails: a mistake or a failure is one line. */
public final class Scenario {
    /** An option that asks for what cannot be. */
    public static final class UsageException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** @param message what is wrong, and what would be right */
        public UsageException(String message) {
            super(message);
        }
    }

    private Scenario() {}

    /**
     * Parses {@code arguments}, runs {@code command}, and ends the process with its status: what it returns, 1 if it
     * fails, 2 if it was used wrongly.
     *
     * @param command a picocli command
     */
    public static void main(Callable<Integer> command, String[] arguments) {
        System.exit(execute(command, arguments));
    }

    static int execute(Callable<Integer> command, String... arguments) {
        CommandLine line = new CommandLine(command);
        line.setParameterExceptionHandler((e, failed) -> {
            String name = e.getCommandLine().getCommandName();
            e.getCommandLine().getErr().printf("%s: %s; see %s --help%n", name, e.getMessage(), name);
            return CommandLine.ExitCode.USAGE;
        });
        line.setExecutionExceptionHandler((e, failed, parsed) -> {
            failed.getErr().printf("%s: %s%n", failed.getCommandName(), e.getMessage());
            return e instanceof UsageException ? CommandLine.ExitCode.USAGE : CommandLine.ExitCode.SOFTWARE;
        });
        return line.execute(arguments);
    }
}
