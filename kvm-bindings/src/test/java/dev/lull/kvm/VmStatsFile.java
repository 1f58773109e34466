package dev.lull.kvm;

import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file in the format of KVM's statistics, of a machine with some pages in its tables. */
public final class VmStatsFile {
    private static final int NAME_BYTES = 48;
    private static final int HEADER_BYTES = 24;
    private static final int DESCRIPTOR_BYTES = 16 + NAME_BYTES;

    private VmStatsFile() {}

    /** A machine that has {@code pages4k} pages of 4096 bytes in its tables, and no others. */
    public static VmStats of(Path path, long pages4k) throws IOException {
        String[] names = {VmStats.PAGES_1G, VmStats.PAGES_4K, VmStats.PAGES_2M};
        int dataOffset = HEADER_BYTES + names.length * DESCRIPTOR_BYTES;
        ByteBuffer file =
                ByteBuffer.allocate(dataOffset + names.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0)
                .putInt(NAME_BYTES)
                .putInt(names.length)
                .putInt(0)
                .putInt(HEADER_BYTES)
                .putInt(dataOffset);
        for (int i = 0; i < names.length; i++) {
            file.position(HEADER_BYTES + i * DESCRIPTOR_BYTES);
            file.putInt(0).putShort((short) 0).putShort((short) 1).putInt(i * Long.BYTES);
            file.position(HEADER_BYTES + i * DESCRIPTOR_BYTES + 16).put(names[i].getBytes(StandardCharsets.US_ASCII));
        }
        file.putLong(dataOffset + Long.BYTES, pages4k);
        Files.write(path, file.array());
        return new VmStats(Fd.open(path.toString(), LinuxConstants.O_RDONLY));
    }
}
