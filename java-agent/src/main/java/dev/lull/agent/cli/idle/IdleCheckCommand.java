package dev.lull.agent.cli.idle;

import dev.lull.agent.cli.CommandException;
import dev.lull.agent.cli.ExitStatus;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.idle.IdleCheck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code lull idle check}. */
@Command(
        name = "check",
        header =
                "Verify a log of idle time: that every step began while the guests of its CPU had halted, and stayed there.",
        optionListHeading = "%nOptions:%n",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:All is in order.",
            "1:Something is not; the first violations are shown. Or the log cannot be read.",
            "2:Wrong usage."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull run --kernel vmlinuz --initrd initrd.img --pin 1 --idle fingerprints --idle-log idle.log",
            "  lull idle check idle.log",
            "      The log is of KVM's account of each vCPU, read before each step, and of clocks."
        })
final class IdleCheckCommand implements Callable<Integer> {
    private static final int SHOWN = 10;

    @Parameters(index = "0", paramLabel = "LOG", description = "What lull run --idle-log has written.")
    private Path log = Path.of("");

    private final Stdio stdio;

    IdleCheckCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public Integer call() {
        IdleCheck check;
        try {
            check = IdleCheck.read(log);
        } catch (IOException e) {
            throw new CommandException(LogFailure.message(log, e));
        }
        List<String> faults = check.faults();
        stdio.print("%d steps in idle time, %d on other CPUs of tasks past their deadline; %s"
                .formatted(
                        check.steps().size(),
                        check.overdueSteps(),
                        faults.isEmpty() ? "all in order" : faults.size() + " violations:"));
        faults.stream().limit(SHOWN).forEach(fault -> stdio.print("  " + fault));
        if (faults.size() > SHOWN) {
            stdio.print("  and " + (faults.size() - SHOWN) + " more");
        }
        return faults.isEmpty() ? ExitStatus.OK : ExitStatus.FAILURE;
    }
}
