package dev.lull.kvm;

import dev.lull.linux.CConstants;

/**
 * What a vCPU's thread comes back from the guest with, in one {@code long}: {@code KVM_EXIT_…}, a negated error number, or
 * a single access to a port with all that belongs to it. {@code native/core/lullcore.h} states the same:
 *
 * <pre>
 *   bits 0–7    LULL_EXIT_PORT_READ or LULL_EXIT_PORT_WRITE, which no KVM_EXIT_… is
 *   bits 8–15   width in bytes: 1, 2 or 4
 *   bits 16–31  the port
 *   bits 32–63  what the guest writes, zero-extended; 0 if it reads
 * </pre>
 *
 * <p>Such accesses are most exits. To read them from {@link KvmRun} member by member costs little in compiled code, but
 * a guest boots while Lull's is still interpreted.
 */
@CConstants("lullcore.h")
public final class VcpuExit {
    /** Where the answer to a port read goes, for {@link KvmRun#setData}. */
    public static final int LULL_EXIT_DATA_OFFSET = 4096;

    private static final int LULL_EXIT_PORT_READ = 0x80;
    private static final int LULL_EXIT_PORT_WRITE = 0x81;
    private static final int LULL_EXIT_BYTES_SHIFT = 8;
    private static final int LULL_EXIT_PORT_SHIFT = 16;
    private static final int LULL_EXIT_VALUE_SHIFT = 32;

    /** The sign does not tell errors from port accesses, as values fill the highest bits; bit 15 does. */
    private static final int LULL_EXIT_PORT_MASK = 0x80FF;

    private VcpuExit() {}

    /** Whether the guest reads a port, once; a string of reads is {@code KVM_EXIT_IO}, and {@link KvmRun} tells of it. */
    public static boolean isPortRead(long exit) {
        return (exit & LULL_EXIT_PORT_MASK) == LULL_EXIT_PORT_READ;
    }

    /** Whether the guest writes a port, once; as {@link #isPortRead}. */
    public static boolean isPortWrite(long exit) {
        return (exit & LULL_EXIT_PORT_MASK) == LULL_EXIT_PORT_WRITE;
    }

    /** {@code KVM_EXIT_…}, which is {@code KVM_EXIT_IO} for a port access too; or the negated error number. */
    public static int reason(long exit) {
        return isPortRead(exit) || isPortWrite(exit) ? KvmConstants.KVM_EXIT_IO : (int) exit;
    }

    /** A port access: its width, 1, 2 or 4 bytes. */
    public static int sizeBytes(long exit) {
        return (int) exit >>> LULL_EXIT_BYTES_SHIFT & 0xFF;
    }

    /** A port access: the port, 0–65535. */
    public static int port(long exit) {
        return (int) exit >>> LULL_EXIT_PORT_SHIFT;
    }

    /** A port write: the value, zero-extended. */
    public static long value(long exit) {
        return exit >>> LULL_EXIT_VALUE_SHIFT;
    }

    static long portRead(int port, int sizeBytes) {
        return access(LULL_EXIT_PORT_READ, port, sizeBytes);
    }

    static long portWrite(int port, int sizeBytes, long value) {
        return access(LULL_EXIT_PORT_WRITE, port, sizeBytes) | value << LULL_EXIT_VALUE_SHIFT;
    }

    private static long access(int direction, int port, int sizeBytes) {
        return direction | (long) sizeBytes << LULL_EXIT_BYTES_SHIFT | (long) port << LULL_EXIT_PORT_SHIFT;
    }
}
