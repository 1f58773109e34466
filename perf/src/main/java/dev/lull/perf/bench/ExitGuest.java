package dev.lull.perf.bench;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.lull.kvm.Kvm;
import dev.lull.kvm.Regs;
import dev.lull.kvm.Sregs;
import dev.lull.kvm.VcpuExit;
import dev.lull.kvm.VcpuFd;
import dev.lull.kvm.VcpuKick;
import dev.lull.kvm.VmFd;
import dev.lull.linux.Mapping;
import java.lang.foreign.MemorySegment;

/** A guest that writes to port 0x10 for ever; it runs on any kind of KVM. */
public final class ExitGuest implements AutoCloseable {
    /** The port. */
    public static final int PORT = 0x10;

    private static final int MEMORY_BYTES = 64 << 10;
    private static final int PROGRAM_GPA = 0x1000;

    /** {@code again: out %al, $0x10; jmp again}, in real mode. */
    private static final byte[] PROGRAM = {(byte) 0xE6, PORT, (byte) 0xEB, (byte) 0xFC};

    private final Mapping memory = Mapping.anonymous(MEMORY_BYTES);
    private final Kvm kvm = Kvm.open();
    private final VmFd vm = kvm.createVm("exit");
    private final VcpuFd vcpu;
    private final VcpuKick kick;

    /** Makes the guest, ready to be entered. */
    public ExitGuest() {
        MemorySegment.copy(PROGRAM, 0, memory.segment(), JAVA_BYTE, PROGRAM_GPA, PROGRAM.length);
        vm.setMemoryRegion(0, 0, 0, memory.segment());
        vcpu = vm.createVcpu(0);
        kick = new VcpuKick(vcpu);
        Sregs sregs = new Sregs();
        vcpu.read(sregs);
        vcpu.write(sregs.loadRealMode(Sregs.SegmentRegister.CS, 0));
        vcpu.write(new Regs().set(Regs.Register.RIP, PROGRAM_GPA).set(Regs.Register.RFLAGS, 2));
    }

    /** The open {@code /dev/kvm}. */
    public Kvm kvm() {
        return kvm;
    }

    /** Its only vCPU. */
    public VcpuFd vcpu() {
        return vcpu;
    }

    /** The vCPU's kick. */
    public VcpuKick kick() {
        return kick;
    }

    /** What the guest wrote, as a device would read it, if {@code exit} is the one that this guest makes. */
    public static long written(long exit) {
        if (!VcpuExit.isPortWrite(exit) || VcpuExit.port(exit) != PORT) {
            throw new IllegalStateException("unexpected exit " + VcpuExit.reason(exit));
        }
        return VcpuExit.value(exit);
    }

    @Override
    public void close() {
        vcpu.close();
        vm.close();
        kvm.close();
        memory.close();
    }
}
