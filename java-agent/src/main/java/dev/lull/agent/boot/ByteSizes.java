package dev.lull.agent.boot;

/** Sizes as a user reads them. */
final class ByteSizes {
    private static final long KIB = 1024;
    private static final long MIB = 1024 * KIB;

    private ByteSizes() {}

    /** {@code bytes} in MiB rounded up, or in KiB or bytes where that would say "1 MiB" of something small. */
    static String text(long bytes) {
        if (bytes < KIB) {
            return bytes + " bytes";
        }
        if (bytes < MIB) {
            return (bytes + KIB - 1) / KIB + " KiB";
        }
        return mib(bytes) + " MiB";
    }

    /** {@code bytes} in whole MiB, rounded up. */
    static long mib(long bytes) {
        return bytes / MIB + (bytes % MIB == 0 ? 0 : 1);
    }
}
