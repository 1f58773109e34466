package dev.lull.perf.bench;

import com.sun.jna.Native;

/** {@code ioctl(2)} by JNA's direct mapping, the fastest of its ways. */
public final class JnaLibc {
    static {
        Native.register(JnaLibc.class, "c");
    }

    private JnaLibc() {}

    /** {@code ioctl(2)}; −1 for any failure. */
    public static native int ioctl(int fd, long request, long argument);
}
