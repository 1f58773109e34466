package dev.lull.agent.cli;

import dev.lull.agent.boot.KernelException;
import dev.lull.agent.machine.ConfigException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParseResult;

/** Turns an exception into one line on standard error and an exit status; {@code --debug} shows where it arose. */
final class OneLineErrors implements CommandLine.IExecutionExceptionHandler {
    private final Main main;

    OneLineErrors(Main main) {
        this.main = main;
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine commandLine, ParseResult parsed) {
        String message = e.getMessage();
        commandLine.getErr().println("lull: " + (message == null ? e.toString() : message));
        if (main.debug) {
            e.printStackTrace(commandLine.getErr());
        }
        boolean usersMistake = e instanceof ConfigException || e instanceof KernelException;
        return usersMistake ? ExitCode.USAGE : ExitCode.SOFTWARE;
    }
}
