package dev.lull.testing;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lull.kvm.Kvm;
import dev.lull.kvm.KvmRun;
import dev.lull.kvm.Regs;
import dev.lull.kvm.Regs.Register;
import dev.lull.kvm.Sregs;
import dev.lull.kvm.Sregs.ControlRegister;
import dev.lull.kvm.Sregs.SegmentRegister;
import dev.lull.kvm.VcpuEntry;
import dev.lull.kvm.VcpuFd;
import dev.lull.kvm.VcpuKick;
import dev.lull.kvm.VmFd;
import dev.lull.linux.Mapping;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A VM without firmware or kernel, and without interrupt chips unless asked for, whose one vCPU runs a program of {@code native/guest/payload/flat}. It has
 * 1 MiB of memory from address 0; the program lies, and starts, at 0x1000.
 */
public final class PayloadGuest implements AutoCloseable {
    /** The guest's memory; beyond it every access is a device's. */
    public static final int MEMORY_BYTES = 1 << 20;

    private static final int PROGRAM = 0x1000;
    private static final int PAGE_TABLES = 0x8000;
    private static final Path PROGRAMS =
            Path.of(System.getProperty("lull.root", ".."), "build/native/guest/payload/flat");

    // Control bits and descriptors of Intel SDM volume 3, §2.5, §3.4.5 and §4.5.
    private static final long CR0_PE = 1;
    private static final long CR0_PG = 1L << 31;
    private static final long CR4_PAE = 1 << 5;
    private static final long EFER_LME_LMA = 1 << 8 | 1 << 10;
    private static final long CODE_64 = 0x00AF_9B00_0000_FFFFL;
    private static final long DATA = 0x00CF_9300_0000_FFFFL;
    private static final int PRESENT_WRITABLE = 3;
    private static final int PAGE_2M = 1 << 7;

    private final Mapping memory;
    private final Kvm kvm;
    private final VmFd vm;
    private final VcpuFd vcpu;
    private final VcpuKick kick;

    /** A guest that is to run {@code program} in real mode, or in long mode with the first 2 MiB mapped as they are. */
    public PayloadGuest(String program, boolean longMode) throws IOException {
        this(program, longMode, false);
    }

    /** A guest that is to run {@code program} in real mode, with KVM's interrupt chips. */
    public static PayloadGuest withInterruptChips(String program) throws IOException {
        return new PayloadGuest(program, false, true);
    }

    private PayloadGuest(String program, boolean longMode, boolean interruptChips) throws IOException {
        memory = Mapping.anonymous(MEMORY_BYTES);
        MemorySegment.copy(
                MemorySegment.ofArray(Files.readAllBytes(PROGRAMS.resolve(program + ".bin"))),
                0,
                memory.segment(),
                PROGRAM,
                Files.size(PROGRAMS.resolve(program + ".bin")));
        kvm = Kvm.open();
        vm = kvm.createVm(program);
        vm.setMemoryRegion(0, 0, 0, memory.segment());
        if (interruptChips) {
            vm.createIrqChip();
        }
        vcpu = vm.createVcpu(0);
        if (interruptChips) {
            vcpu.setCpuid(kvm.supportedCpuid());
        }
        kick = new VcpuKick(vcpu);
        Sregs sregs = new Sregs();
        vcpu.read(sregs);
        if (longMode) {
            enterLongMode(sregs);
        } else {
            for (SegmentRegister register : new SegmentRegister[] {
                SegmentRegister.CS, SegmentRegister.DS, SegmentRegister.ES, SegmentRegister.SS
            }) {
                sregs.loadRealMode(register, 0);
            }
        }
        vcpu.write(sregs);
        vcpu.write(new Regs().set(Register.RIP, PROGRAM).set(Register.RFLAGS, 2));
    }

    /** A guest that is to run {@code program} in real mode. */
    public PayloadGuest(String program) throws IOException {
        this(program, false);
    }

    /** The vCPU. */
    public VcpuFd vcpu() {
        return vcpu;
    }

    /** The VM. */
    public VmFd vm() {
        return vm;
    }

    /** What the vCPU shares with KVM. */
    public KvmRun run() {
        return vcpu.kvmRun();
    }

    /** What gets the vCPU's thread out of the guest. */
    public VcpuKick kick() {
        return kick;
    }

    /** A way into the guest. */
    public VcpuEntry entry(VcpuEntry.Kind kind) {
        return VcpuEntry.of(kind, vcpu, kick);
    }

    /** The guest's memory. */
    public MemorySegment memory() {
        return memory.segment();
    }

    @Override
    public void close() {
        vcpu.close();
        vm.close();
        kvm.close();
        memory.close();
    }

    private void enterLongMode(Sregs sregs) {
        MemorySegment ram = memory.segment();
        ram.asSlice(PAGE_TABLES, 3 * 0x1000).fill((byte) 0);
        ram.set(JAVA_LONG, PAGE_TABLES, PAGE_TABLES + 0x1000 | PRESENT_WRITABLE);
        ram.set(JAVA_LONG, PAGE_TABLES + 0x1000, PAGE_TABLES + 0x2000 | PRESENT_WRITABLE);
        ram.set(JAVA_LONG, PAGE_TABLES + 0x2000, PAGE_2M | PRESENT_WRITABLE);
        sregs.set(ControlRegister.CR3, PAGE_TABLES)
                .set(ControlRegister.CR4, CR4_PAE)
                .set(ControlRegister.CR0, sregs.get(ControlRegister.CR0) | CR0_PE | CR0_PG)
                .set(ControlRegister.EFER, EFER_LME_LMA)
                .load(SegmentRegister.CS, 0x08, CODE_64);
        for (SegmentRegister register : new SegmentRegister[] {
            SegmentRegister.DS, SegmentRegister.ES, SegmentRegister.FS, SegmentRegister.GS, SegmentRegister.SS
        }) {
            sregs.load(register, 0x10, DATA);
        }
    }
}
