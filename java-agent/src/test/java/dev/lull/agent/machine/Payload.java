package dev.lull.agent.machine;

import java.nio.file.Path;

/** The kernels of {@code native/guest/payload}, which run on any KVM. */
public final class Payload {
    /** Greets, signals the boot timer, powers off. */
    public static final Path BOOT = path("boot.elf");

    /** Exits for ever. */
    public static final Path SPIN = path("spin.elf");

    /** Fills 256 KiB and halts for ever. */
    public static final Path REST = path("rest.elf");

    /** Ends in a triple fault. */
    public static final Path FAULT = path("fault.elf");

    /** Breaks the rules of every device but one: {@code INPUTS SEED SPARED_SLOT} is its command line. */
    public static final Path HOSTILE = path("hostile.elf");

    /** Gives up devices, turns itself off and resets when it is asked to; says {@code obedient} when it begins to listen. */
    public static final Path OBEDIENT = path("obedient.elf");

    /** Writes as many pages as its command line says, over and over; says {@code writer} when it has written each once. */
    public static final Path WRITER = path("writer.elf");

    /** Reads KVM's clock and says what came of it: {@code AMISS READS} is its command line. */
    public static final Path CLOCK = path("clock.elf");

    /** The first page that {@link #WRITER} writes. */
    public static final long WRITER_GPA = 64 << 20;

    /** How many it writes much more often than others. */
    public static final int WRITER_HOT_PAGES = 16;

    private Payload() {}

    private static Path path(String name) {
        return Path.of(System.getProperty("lull.root"), "build", "native", "guest", "payload", name);
    }
}
