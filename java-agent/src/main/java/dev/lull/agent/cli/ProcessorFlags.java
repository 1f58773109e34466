package dev.lull.agent.cli;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** What {@code /proc/cpuinfo} says of the first processor, read while a guest boots and so with few classes. */
final class ProcessorFlags {
    /** The first processor's flags end well before. */
    private static final int HEAD_BYTES = 8192;

    private ProcessorFlags() {}

    /** Whether the processor has virtualization of its own, {@code vmx} or {@code svm}; where unknown, yes. */
    static boolean haveVirtualization() {
        try (InputStream file = new FileInputStream("/proc/cpuinfo")) {
            String head = new String(file.readNBytes(HEAD_BYTES), StandardCharsets.ISO_8859_1);
            return head.contains(" vmx ") || head.contains(" svm ") || !head.contains("flags");
        } catch (IOException e) {
            return true;
        }
    }
}
