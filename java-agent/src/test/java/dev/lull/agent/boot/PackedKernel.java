package dev.lull.agent.boot;

/** A bzImage around any vmlinux, for the tests of other packages. */
public final class PackedKernel {
    private PackedKernel() {}

    /** The bzImage that unpacks to {@code vmlinux}. */
    public static byte[] of(byte[] vmlinux) {
        return TestKernels.bzImage(Compression.GZIP, vmlinux);
    }
}
