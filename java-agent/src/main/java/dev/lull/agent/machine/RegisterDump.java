package dev.lull.agent.machine;

import dev.lull.kvm.KvmException;
import dev.lull.kvm.Regs;
import dev.lull.kvm.Sregs;
import dev.lull.kvm.VcpuFd;

/** A vCPU's registers as text, for the report of a failed machine. */
final class RegisterDump {
    private static final int COLUMNS = 4;

    private RegisterDump() {}

    /** The registers, or a line that says why they cannot be read. On the vCPU's thread, outside the guest. */
    static String of(int id, VcpuFd fd) {
        Regs regs = new Regs();
        Sregs sregs = new Sregs();
        try {
            fd.read(regs);
            fd.read(sregs);
        } catch (KvmException e) {
            return "registers of vCPU " + id + ": " + e.getMessage();
        }
        StringBuilder text = new StringBuilder("registers of vCPU ").append(id).append(':');
        int column = 0;
        for (Regs.Register register : Regs.Register.values()) {
            append(text, column++, register.name(), regs.get(register));
        }
        column = 0;
        for (Sregs.ControlRegister register : Sregs.ControlRegister.values()) {
            append(text, column++, register.name(), sregs.get(register));
        }
        column = 0;
        for (Sregs.SegmentRegister register : Sregs.SegmentRegister.values()) {
            append(text, column++, register.name(), sregs.base(register));
            text.append('/').append(Integer.toHexString(sregs.selector(register)));
        }
        return text.toString();
    }

    private static void append(StringBuilder text, int column, String name, long value) {
        text.append(column % COLUMNS == 0 ? "\n  " : "  ").append("%-9s %016x".formatted(name, value));
    }
}
