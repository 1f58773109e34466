package dev.lull.agent.cli;

import dev.lull.agent.boot.KernelException;
import dev.lull.agent.client.HostException;
import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.MachineException;
import dev.lull.linux.LinuxException;

/** Turns an exception into one line on standard error and an exit status. */
final class Failure {
    private Failure() {}

    /**
     * Reports {@code fault}.
     *
     * @param debug whether to show where it arose
     * @return the exit status
     */
    static int report(Throwable fault, Stdio stdio, boolean debug) {
        stdio.err().println("lull: ".concat(message(fault)));
        if (debug) {
            fault.printStackTrace(stdio.err());
        }
        boolean usersMistake = fault instanceof ConfigException || fault instanceof KernelException;
        return usersMistake ? ExitStatus.USAGE : ExitStatus.FAILURE;
    }

    private static String message(Throwable fault) {
        String message = fault.getMessage();
        boolean forUsers = fault instanceof ConfigException
                || fault instanceof KernelException
                || fault instanceof MachineException
                || fault instanceof CommandException
                || fault instanceof HostException
                || fault instanceof LinuxException;
        if (forUsers && message != null) {
            return OneLine.of(message);
        }
        if (fault instanceof OutOfMemoryError) {
            return "not enough Java heap for this; give more with: JDK_JAVA_OPTIONS=-Xmx512m lull ...";
        }
        return OneLine.of("a fault of Lull's own: " + fault + "; run again with --debug and report what it shows");
    }
}
