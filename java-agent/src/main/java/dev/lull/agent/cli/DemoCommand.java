package dev.lull.agent.cli;

import dev.lull.agent.boot.PayloadCache;
import dev.lull.agent.cli.host.HostFiles;
import dev.lull.agent.cli.host.HostReport;
import dev.lull.agent.cli.host.KvmProbe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code lull demo}: a Linux guest, here or in the lab. */
@Command(
        name = "demo",
        header = "Boot a Linux guest, show what it is and what it cost, and power it off.",
        description = "Boots Debian's cloud kernel with 2 vCPUs. Where this host's KVM runs no stock kernel, the demo "
                + "runs in the lab: an emulated machine that has one. Needs a checkout, whose ./lull sets up what is "
                + "missing.",
        optionListHeading = "%nOptions:%n",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:The guest booted, reported and powered off.", "1:It did not, or the lab could not be had."},
        footerHeading = "%nExample:%n",
        footer = {"  ./lull demo"})
final class DemoCommand implements Callable<Integer> {
    private static final String IN_LAB = "LULL_LAB";

    private final Stdio stdio;

    DemoCommand(Stdio stdio) {
        this.stdio = stdio;
    }

    @Override
    public Integer call() throws Exception {
        HostFiles files = HostFiles.ofThisHost();
        KvmProbe kvm = KvmProbe.of(files);
        Path payloads = PayloadCache.defaultDirectory(System.getenv()).toAbsolutePath();
        if (HostReport.of(files, kvm).runsStockKernels()) {
            return new GuestDemo(stdio, kernels(payloads), kvm.why()).run();
        }
        if (System.getenv(IN_LAB) != null) {
            throw new CommandException("the lab's KVM is " + kvm.why()
                    + "; show its console with: ./lull lab run --console -- " + "lull check");
        }
        kernels(payloads);
        return LabDemo.inCheckout(stdio, payloads).run(kvm.why());
    }

    /** The cache of the lab's set-up, with all that is booted in it. */
    private static Path kernels(Path payloads) {
        Path cache = payloads.resolveSibling("");
        Path kernel = GuestDemo.kernel(cache);
        Path initrd = GuestDemo.initrd(cache);
        for (Path file : new Path[] {kernel, initrd}) {
            if (!Files.isReadable(file)) {
                throw new CommandException(
                        "the demo boots " + file + ", which is missing; make it with: ./lull lab setup");
            }
        }
        return cache;
    }
}
