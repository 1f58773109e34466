package dev.lull.agent.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/** Kernels of a few instructions, as ELF files, which run on any KVM. */
final class BareKernel {
    /** Prompts with {@code >}, then sends back what it receives on COM1; {@code q} powers off. */
    static final BareKernel ECHO = new BareKernel(
            "66baf803b03eee" // out COM1, '>'
                    + "66bafd03ec" // again: in al, COM1 line status
                    + "a801" // received?
                    + "74f7" // no: again
                    + "66baf803ec" // in al, COM1
                    + "3c71" // 'q'?
                    + "7403" // yes: off
                    + "ee" // out COM1, al
                    + "ebeb" // again
                    + "66ba0406b034ee" // off: S5 to the sleep control port
                    + "f4");

    /** Greets with {@code up}, then waits for ever with interrupts off. */
    static final BareKernel HANG = new BareKernel("66baf803" + "b075ee" + "b070ee" + "b00aee" + "faf4ebfc");

    /** Resets by the keyboard controller. */
    static final BareKernel RESET = new BareKernel("b0fee664f4");

    private static final int HEADERS_BYTES = 64 + 56;
    private static final long BASE = 0x100_0000;

    private final byte[] code;
    private long memoryBytes = 0x2000;

    private BareKernel(String hexadecimalCode) {
        code = HexFormat.of().parseHex(hexadecimalCode);
    }

    /** One that claims this much memory behind its code. */
    static BareKernel ofBytes(long memoryBytes) {
        BareKernel kernel = new BareKernel("f4");
        kernel.memoryBytes = memoryBytes;
        return kernel;
    }

    /** Writes the file. */
    Path in(Path directory) throws IOException {
        ByteBuffer file = ByteBuffer.allocate(HEADERS_BYTES + code.length).order(ByteOrder.LITTLE_ENDIAN);
        file.put(HexFormat.of().parseHex("7f454c46020101")).position(16);
        file.putShort((short) 2).putShort((short) 62).putInt(1).putLong(BASE + HEADERS_BYTES);
        file.putLong(64).putLong(0).putInt(0);
        file.putShort((short) 64).putShort((short) 56).putShort((short) 1).position(64);
        file.putInt(1).putInt(7).putLong(0).putLong(BASE).putLong(BASE);
        file.putLong(file.capacity()).putLong(memoryBytes).putLong(0x1000);
        file.put(code);
        return Files.write(directory.resolve("bare.elf"), file.array());
    }
}
