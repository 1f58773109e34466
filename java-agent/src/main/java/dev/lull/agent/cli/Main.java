package dev.lull.agent.cli;

import java.util.Arrays;

/**
 * The command {@code lull}.
 *
 * <p>A well-formed {@code run}, and {@code check} and {@code demo} alone, are recognized without picocli, whose classes
 * take as long as making a machine; every other command line, wrong ones included, is picocli's to understand.
 */
public final class Main {
    private Main() {}

    /** Runs the command and exits with its status. */
    public static void main(String[] arguments) {
        if (!asksToDebug(arguments)) {
            // A vCPU's fault ends its machine with a line that tells of it; a stack trace beside it helps no user.
            Thread.setDefaultUncaughtExceptionHandler(new Quiet());
        }
        System.exit(execute(Stdio.ofProcess(), arguments));
    }

    /** Runs the command and returns its exit status. */
    static int execute(Stdio stdio, String... arguments) {
        try {
            RunOptions options = RunArguments.parse(arguments);
            if (options != null) {
                return new RunSession(options, stdio).run();
            }
            return switch (arguments.length == 1 ? arguments[0] : "") {
                case "check" -> new CheckCommand(stdio).call();
                case "demo" -> new DemoCommand(stdio).call();
                default -> CommandTree.execute(stdio, arguments);
            };
        } catch (Exception | Error e) {
            return Failure.report(e, stdio, asksToDebug(arguments));
        }
    }

    private static boolean asksToDebug(String... arguments) {
        return Arrays.asList(arguments).contains("--debug");
    }

    private static final class Quiet implements Thread.UncaughtExceptionHandler {
        @Override
        public void uncaughtException(Thread thread, Throwable fault) {
            // Reported otherwise, see above.
        }
    }
}
