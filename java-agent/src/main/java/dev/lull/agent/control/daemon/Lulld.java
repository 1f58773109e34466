package dev.lull.agent.control.daemon;

import dev.lull.agent.control.http.ListenException;
import dev.lull.agent.control.vm.Version;
import dev.lull.agent.machine.ConfigException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The command {@code lulld}. */
public final class Lulld {
    private static final int OK = 0;
    private static final int FAILURE = 1;
    private static final int USAGE = 2;

    private static final String HELP = """
            Usage: lulld [--config FILE] [--check-config]

            Runs the virtual machines of this host, in one process, until it is told to stop by SIGTERM or SIGINT:
            then guests are asked to turn themselves off, and after a while turned off. systemd starts it where the
            package is installed, and in a checkout, as root:

              systemctl start lulld        # then: lull vm list; journalctl -u lulld
              ./lull daemon                # then, in another terminal: ./lull vm list

                  --config FILE   where its configuration is (/etc/lull/lulld.conf, which need not be there)
                  --check-config  only say whether the configuration is valid
                  --version       which Lull this is
                  --help          this text

            What can be configured, as `key = value` lines, and what holds without; socket is the run directory's lulld.sock
            unless given, socket-group empty is the group of whoever starts it:

            """;

    private Lulld() {}

    /** Runs it and exits with its status: 0, 1 for a failure, 2 for wrong usage. */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    private static int run(String... arguments) {
        Path config = LulldConfig.DEFAULT_PATH;
        boolean optional = true;
        boolean check = false;
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--help", "-h" -> {
                    System.out.print(HELP + LulldConfig.DEFAULTS.indent(2));
                    return OK;
                }
                case "--version", "-V" -> {
                    System.out.println("lulld " + Version.TEXT);
                    return OK;
                }
                case "--check-config" -> check = true;
                case "--config" -> {
                    if (++i == arguments.length) {
                        return fail(USAGE, "--config needs a file. Try: lulld --help");
                    }
                    config = Path.of(arguments[i]);
                    optional = false;
                }
                default -> {
                    return fail(USAGE, "unknown argument '" + arguments[i] + "'. Try: lulld --help");
                }
            }
        }
        try {
            LulldConfig read = LulldConfig.read(config, optional);
            if (check) {
                System.out.println(config + " is valid");
                return OK;
            }
            new Daemon(read).run();
            return OK;
        } catch (ConfigException e) {
            return fail(USAGE, e.getMessage());
        } catch (ListenException | IOException e) {
            return fail(FAILURE, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FAILURE;
        }
    }

    private static int fail(int status, @Nullable String message) {
        System.err.println("lulld: " + message);
        return status;
    }
}
