package dev.lull.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.linux.Errno;
import dev.lull.linux.EventFd;
import dev.lull.testing.Facility;
import dev.lull.testing.PayloadGuest;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** VMs and vCPUs: what they do, how they fail, and that nothing of them stays. */
@Requires(Facility.KVM)
class KvmTest {
    @Test
    void capabilitiesAndCpuidAreTheHosts() {
        try (Kvm kvm = Kvm.open()) {
            assertThat(kvm.capability(KvmConstants.KVM_CAP_USER_MEMORY)).isPositive();
            assertThat(kvm.capability(KvmConstants.KVM_CAP_IMMEDIATE_EXIT)).isPositive();
            assertThat(kvm.capability(100_000)).isZero();
            assertThat(kvm.maxVcpus()).isPositive();
            CpuId cpuid = kvm.supportedCpuid();
            int first = cpuid.find(0, 0);
            assertThat(first).isNotNegative();
            CpuId changed = cpuid.copy();
            changed.set(first, CpuId.Output.EBX, 0x6C6C_754C);
            assertThat(changed.get(first, CpuId.Output.EBX)).isEqualTo(0x6C6C_754C);
            assertThat(cpuid.get(first, CpuId.Output.EBX)).isNotEqualTo(0x6C6C_754C);
            assertThat(cpuid.find(0x1234_5678, 0)).isEqualTo(-1);
        }
    }

    @Test
    void registersKeepTheirValues() throws IOException {
        try (PayloadGuest guest = new PayloadGuest("exit")) {
            Regs regs = new Regs().set(Regs.Register.RFLAGS, 2);
            long value = 0x100;
            for (Regs.Register register : Regs.Register.values()) {
                if (register != Regs.Register.RFLAGS) {
                    regs.set(register, value++);
                }
            }
            guest.vcpu().write(regs);
            Regs back = new Regs();
            guest.vcpu().read(back);
            for (Regs.Register register : Regs.Register.values()) {
                assertThat(back.get(register)).as(register.name()).isEqualTo(regs.get(register));
            }
        }
    }

    @Test
    void sharedDataKeepsToItsMapping() throws IOException {
        try (PayloadGuest guest = new PayloadGuest("exit")) {
            KvmRun run = guest.run();
            long end = run.segment().byteSize();
            run.setData(end - 8, 8, 0x8070_6050_4030_2010L);
            assertThat(run.data(end - 8, 8)).isEqualTo(0x8070_6050_4030_2010L);
            assertThat(run.data(end - 8, 3)).isEqualTo(0x30_2010);
            for (long offset : new long[] {-1, end - 7, end, Long.MAX_VALUE, Long.MIN_VALUE}) {
                assertThatThrownBy(() -> run.data(offset, 1)).isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> run.setData(offset, 1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            }
            assertThatThrownBy(() -> run.data(0, 9)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aDirtyLogNamesThePagesWritten() throws IOException {
        try (PayloadGuest guest = new PayloadGuest("string");
                Arena arena = Arena.ofConfined()) {
            guest.vm().setMemoryRegion(0, KvmConstants.KVM_MEM_LOG_DIRTY_PAGES, 0, guest.memory());
            VcpuEntry entry = guest.entry(VcpuEntry.kind());
            while (VcpuExit.reason(entry.run()) == KvmConstants.KVM_EXIT_IO) {
                // The values do not matter here.
            }
            MemorySegment bitmap = arena.allocate(PayloadGuest.MEMORY_BYTES / 4096 / 8, 8);
            guest.vm().readDirtyLog(0, bitmap);
            assertThat(bitmap.get(JAVA_LONG, 0)).isEqualTo(1L << 1);
            guest.vm().readDirtyLog(0, bitmap);
            assertThat(bitmap.get(JAVA_LONG, 0)).isZero();
        }
    }

    @Test
    void anIoEventFdTakesThePlaceOfTheExit() throws IOException {
        try (PayloadGuest guest = new PayloadGuest("port");
                EventFd event = new EventFd("port 0x11")) {
            guest.vm().attachIoEventFd(event, 0x11, 2, true);
            VcpuEntry entry = guest.entry(VcpuEntry.kind());
            assertThat(VcpuExit.port(entry.run())).isEqualTo(0x10);
            assertThat(VcpuExit.port(entry.run())).isEqualTo(0x12);
            assertThat(event.drain()).isEqualTo(1);
        }
    }

    @Test
    void failuresNameOperationObjectAndErrno() throws IOException {
        try (PayloadGuest guest = new PayloadGuest("exit")) {
            VmFd vm = guest.vm();
            expect(() -> vm.createVcpu(0), "KVM_CREATE_VCPU 0", "exit", Errno.EEXIST);
            MemorySegment unaligned = guest.memory().asSlice(1);
            expect(() -> vm.setMemoryRegion(1, 0, 1 << 20, unaligned), "KVM_SET_USER_MEMORY_REGION slot 1", "exit", 22);
            expect(() -> vm.setMemoryRegion(1, 0, 0, guest.memory()), "KVM_SET_USER_MEMORY_REGION slot 1", "exit", 17);
            expect(() -> guest.vcpu().setMsr(0x4000_FFFF, 1), "KVM_SET_MSRS 0x4000ffff", "vCPU 0 of exit", 22);
            expect(() -> guest.vcpu().interrupt(256), "KVM_INTERRUPT", "vCPU 0 of exit", Errno.EINVAL);
        }
    }

    @Test
    void aClosedVmRefuses() throws IOException {
        VmFd vm;
        try (PayloadGuest guest = new PayloadGuest("exit")) {
            vm = guest.vm();
        }
        assertThat(vm.number()).isEqualTo(-1);
        expect(vm::createIrqChip, "KVM_CREATE_IRQCHIP", "exit", Errno.EBADF);
    }

    @Test
    void fiftyVmsLeaveNothingBehind() throws IOException {
        oneVm();
        List<String> descriptors = descriptors();
        long vcpus = mappings(line -> line.contains("kvm"));
        long memories = mappings(KvmTest::isReservation);
        for (int i = 0; i < 50; i++) {
            oneVm();
        }
        assertThat(descriptors()).hasSameSizeAs(descriptors);
        assertThat(descriptors()).noneMatch(target -> target.startsWith("anon_inode:kvm") || target.equals(Kvm.DEVICE));
        assertThat(mappings(line -> line.contains("kvm"))).isEqualTo(vcpus);
        // One or two of just this size may have become the JVM's meanwhile.
        assertThat(mappings(KvmTest::isReservation)).isLessThan(memories + 25);
    }

    private static void oneVm() throws IOException {
        try (PayloadGuest guest = new PayloadGuest("exit")) {
            guest.memory().set(JAVA_BYTE, 0, (byte) 1);
            VcpuEntry entry = guest.entry(VcpuEntry.kind());
            guest.kick().begin();
            assertThat(VcpuExit.isPortWrite(entry.run())).isTrue();
            guest.kick().end();
        }
    }

    private static List<String> descriptors() throws IOException {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.map(KvmTest::target)
                    .filter(target -> !target.isEmpty())
                    .toList();
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException closedSince) {
            return "";
        }
    }

    private static long mappings(Predicate<String> which) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(which).count();
        }
    }

    /** Of exactly the reservation behind a guest's memory. */
    private static boolean isReservation(String line) {
        return sizeBytes(line) == PayloadGuest.MEMORY_BYTES + (2L << 20);
    }

    private static long sizeBytes(String mapsLine) {
        String[] range = mapsLine.split("[- ]", 3);
        return Long.parseUnsignedLong(range[1], 16) - Long.parseUnsignedLong(range[0], 16);
    }

    private static void expect(ThrowingCallable call, String operation, String object, int errno) {
        assertThatThrownBy(call).isInstanceOfSatisfying(KvmException.class, e -> {
            assertThat(e.operation()).isEqualTo(operation);
            assertThat(e.object()).isEqualTo(object);
            assertThat(e.errno()).isEqualTo(errno);
            assertThat(e).hasMessage(operation + " on " + object + " failed: " + Errno.name(errno));
        });
    }
}
