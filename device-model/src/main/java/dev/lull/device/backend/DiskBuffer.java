package dev.lull.device.backend;

import java.lang.foreign.MemorySegment;

/** The memory a read fills or a write takes its data from, for copies that direct I/O needs where it is not aligned. */
public interface DiskBuffer {
    /** Copies {@code lengthBytes} from byte {@code fromByte} of the data to the start of {@code target}. */
    void copyOut(long fromByte, MemorySegment target, int lengthBytes);

    /** Copies {@code lengthBytes} from the start of {@code source} to byte {@code toByte} of the data. */
    void copyIn(long toByte, MemorySegment source, int lengthBytes);
}
