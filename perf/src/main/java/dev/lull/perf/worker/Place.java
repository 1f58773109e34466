package dev.lull.perf.worker;

import dev.lull.perf.report.ReportOptions;
import dev.lull.perf.report.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Where a scenario that starts the lab itself runs. */
public final class Place {
    private Place() {}

    /**
     * Has {@code options} say lab where this is no lab, but one is asked for, or a stock kernel needs one.
     *
     * @throws Scenario.UsageException in a lab on another clock
     */
    public static void choose(ReportOptions options) throws IOException {
        if (System.getenv("LULL_LAB") != null) {
            String labClock = System.getenv().getOrDefault("LULL_LAB_CLOCK", "real");
            if (!labClock.equals(options.clock())) {
                throw new Scenario.UsageException("this lab needs --clock " + labClock);
            }
            options.setLab(false);
        } else if (options.instructionClock() || !haveVirtualization()) {
            options.setLab(true);
        }
    }

    /** The kernel of the Debian guest that is measured. */
    public static String debianRelease() throws IOException {
        return Files.readString(Path.of(System.getenv().getOrDefault("LULL_CACHE", "."), "guest/debian/release"))
                .strip();
    }

    /** Elsewhere KVM, if there is one, cannot run a stock kernel. */
    private static boolean haveVirtualization() throws IOException {
        String processors = Files.readString(Path.of("/proc/cpuinfo")).toLowerCase(Locale.ROOT);
        return Files.isWritable(Path.of("/dev/kvm")) && (processors.contains(" vmx ") || processors.contains(" svm "));
    }
}
