package dev.lull.kvm;

import dev.lull.linux.KickSignal;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The way from Java into a guest and back. Three exist; they behave alike, and {@code perf/scenarios/exit} measures them.
 *
 * <p>The native core is used where it can be loaded, otherwise the FFM API alone does the same. The system property
 * {@code lull.vcpu.entry} ({@code core}, {@code jni}, {@code ffm}) chooses another.
 */
public abstract sealed class VcpuEntry permits CoreVcpuEntry, JniVcpuEntry, FfmVcpuEntry {
    /** The system property that names the native core's file; the launcher sets it. */
    public static final String LIBRARY_PROPERTY = "lull.core.library";

    /** The system property that chooses the way in. */
    public static final String ENTRY_PROPERTY = "lull.vcpu.entry";

    /** The kinds of entry. */
    public enum Kind {
        /** The native core's run loop, called by FFM. */
        CORE("native core, called by FFM"),
        /** The native core's run loop, called by JNI. */
        JNI("native core, called by JNI"),
        /** {@code ioctl(2)}, called by FFM; the run loop in Java. */
        FFM("FFM alone");

        private final String description;

        Kind(String description) {
            this.description = description;
        }

        /** In words, for a person. */
        public String description() {
            return description;
        }
    }

    private static final Kind CHOSEN = choose();

    /** The kind {@link #of} gives in this process. */
    public static Kind kind() {
        return CHOSEN;
    }

    /** The chosen way into {@code vcpu}, and the kick signal's handler installed. */
    public static VcpuEntry of(VcpuFd vcpu, VcpuKick kick) {
        return of(CHOSEN, vcpu, kick);
    }

    /** As {@link #of(VcpuFd, VcpuKick)}, for measurements that compare the kinds. */
    public static VcpuEntry of(Kind kind, VcpuFd vcpu, VcpuKick kick) {
        KickSignal.install();
        return switch (kind) {
            case CORE -> new CoreVcpuEntry(vcpu, kick);
            case JNI -> new JniVcpuEntry(vcpu, kick);
            case FFM -> new FfmVcpuEntry(vcpu, kick);
        };
    }

    /**
     * Runs the guest until it needs its monitor.
     *
     * @return as {@link VcpuExit} tells; {@code −EINTR} if a kick was requested (then {@link VcpuKick#consume}), any
     *     other negated error number if {@code KVM_RUN} failed
     */
    public abstract long run();

    /** The native core's functions; null where no library was named or it is missing. */
    public static @Nullable SymbolLookup core() {
        Path path = corePath();
        return path == null ? null : SymbolLookup.libraryLookup(path, Arena.global());
    }

    static @Nullable Path corePath() {
        String name = System.getProperty(LIBRARY_PROPERTY);
        if (name == null) {
            return null;
        }
        Path path = Path.of(name);
        return Files.isReadable(path) ? path : null;
    }

    private static Kind choose() {
        String wanted = System.getProperty(ENTRY_PROPERTY);
        if (wanted != null) {
            for (Kind kind : Kind.values()) {
                if (kind.name().equalsIgnoreCase(wanted)) {
                    return kind;
                }
            }
            throw new IllegalArgumentException(ENTRY_PROPERTY + "=" + wanted + ": expected core, jni or ffm");
        }
        try {
            SymbolLookup core = core();
            return core != null && core.find("lull_vcpu_run").isPresent() ? Kind.CORE : Kind.FFM;
        } catch (IllegalArgumentException notALibraryOfThisMachine) {
            return Kind.FFM;
        }
    }
}
