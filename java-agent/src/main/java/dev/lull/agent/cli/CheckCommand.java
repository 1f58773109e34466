package dev.lull.agent.cli;

import dev.lull.agent.cli.host.HostFiles;
import dev.lull.agent.cli.host.HostReport;
import dev.lull.agent.cli.host.KvmProbe;
import dev.lull.agent.cli.host.ReportJson;
import dev.lull.agent.cli.host.ReportTable;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lull check}: what this host offers, and what mends what it lacks. */
@Command(
        name = "check",
        header = "Show what this host offers to virtual machines, and how to mend what it lacks.",
        optionListHeading = "%nOptions:%n",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:This host runs virtual machines.", "1:It does not; the first line says why."},
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull check",
            "      Each thing with ok or missing, and behind what is missing the one command that mends it.",
            "  lull check --json | jq -r '.checks[\"kvm.irqfd\"].state'",
            "      For scripts; keys stay as they are."
        })
final class CheckCommand implements Callable<Integer> {
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private final Stdio stdio;

    CheckCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public Integer call() {
        HostFiles files = HostFiles.ofThisHost();
        HostReport report = HostReport.of(files, KvmProbe.of(files));
        stdio.print(json ? ReportJson.of(report) : ReportTable.of(report, stdio.showsColour()));
        return report.runsVms() ? ExitStatus.OK : ExitStatus.FAILURE;
    }
}
