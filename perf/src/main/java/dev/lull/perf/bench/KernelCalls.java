package dev.lull.perf.bench;

import dev.lull.kvm.KvmConstants;
import dev.lull.kvm.KvmRun;
import dev.lull.kvm.VcpuEntry;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One exit round trip and one cheap ioctl, from C, by FFM, by JNI and by JNA. The loops in C and those of exits do a batch
 * for each invocation; JMH divides.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class KernelCalls {
    private static final int EXITS = 1000;
    private static final int IOCTLS = 1000;

    private final long[] intervalNanos = new long[EXITS];
    private ExitGuest guest = new ExitGuest();
    private VcpuEntry core = VcpuEntry.of(VcpuEntry.Kind.CORE, guest.vcpu(), guest.kick());
    private VcpuEntry ffm = VcpuEntry.of(VcpuEntry.Kind.FFM, guest.vcpu(), guest.kick());
    private VcpuEntry jni = VcpuEntry.of(VcpuEntry.Kind.JNI, guest.vcpu(), guest.kick());

    /** The calling thread is the vCPU's. */
    @Setup
    public void begin() {
        guest.kick().begin();
    }

    /** Ends the guest. */
    @TearDown
    public void end() {
        guest.kick().end();
        guest.close();
    }

    @Benchmark
    @OperationsPerInvocation(EXITS)
    public long exitC() {
        CLoops.exits(guest.vcpu(), intervalNanos);
        return intervalNanos[0];
    }

    @Benchmark
    @OperationsPerInvocation(EXITS)
    public long exitCore() {
        return exits(core);
    }

    @Benchmark
    @OperationsPerInvocation(EXITS)
    public long exitFfm() {
        return exits(ffm);
    }

    @Benchmark
    @OperationsPerInvocation(EXITS)
    public long exitJni() {
        return exits(jni);
    }

    @Benchmark
    @OperationsPerInvocation(EXITS)
    public long exitJna() {
        long written = 0;
        KvmRun run = guest.vcpu().kvmRun();
        for (int i = 0; i < EXITS; i++) {
            if (JnaLibc.ioctl(guest.vcpu().number(), KvmConstants.KVM_RUN, 0) == 0) {
                written += ExitGuest.written(run.exit());
            }
        }
        return written;
    }

    @Benchmark
    @OperationsPerInvocation(IOCTLS)
    public int ioctlC() {
        return CLoops.ioctls(
                guest.kvm().number(), KvmConstants.KVM_CHECK_EXTENSION, KvmConstants.KVM_CAP_USER_MEMORY, IOCTLS);
    }

    @Benchmark
    public int ioctlFfm() {
        return guest.kvm().capability(KvmConstants.KVM_CAP_USER_MEMORY);
    }

    @Benchmark
    public int ioctlJni() {
        return CLoops.ioctls(
                guest.kvm().number(), KvmConstants.KVM_CHECK_EXTENSION, KvmConstants.KVM_CAP_USER_MEMORY, 1);
    }

    @Benchmark
    public int ioctlJna() {
        return JnaLibc.ioctl(guest.kvm().number(), KvmConstants.KVM_CHECK_EXTENSION, KvmConstants.KVM_CAP_USER_MEMORY);
    }

    private long exits(VcpuEntry entry) {
        long written = 0;
        for (int i = 0; i < EXITS; i++) {
            written += ExitGuest.written(entry.run());
        }
        return written;
    }
}
