package dev.lull.agent.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file's bytes on their way to guest memory. */
class FileBytesTest {
    private static final int SIZE_BYTES = 1 << 20;
    private static final int OFFSET = 4096 + 123;

    @TempDir
    private Path directory;

    @Test
    void copiesFromAnyOffset() throws IOException {
        byte[] content = new byte[SIZE_BYTES];
        new Random(1).nextBytes(content);
        MemorySegment memory = MemorySegment.ofArray(new byte[SIZE_BYTES - OFFSET]);

        try (FileBytes file = open(content)) {
            file.copyTo(OFFSET, memory);
        }

        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(Arrays.copyOfRange(content, OFFSET, SIZE_BYTES));
    }

    /** Whole pages of the mapping are then gone, or the rest of one reads as zeros. */
    @ParameterizedTest
    @ValueSource(ints = {0, OFFSET, SIZE_BYTES / 2, SIZE_BYTES - 1})
    void refusesFileThatWasCutOffSinceItWasOpened(int leftBytes) throws IOException {
        MemorySegment memory = MemorySegment.ofArray(new byte[SIZE_BYTES - OFFSET]);

        try (FileBytes file = open(new byte[SIZE_BYTES]);
                FileChannel other = FileChannel.open(path(), StandardOpenOption.WRITE)) {
            other.truncate(leftBytes);

            assertThatThrownBy(() -> file.copyTo(OFFSET, memory))
                    .isInstanceOf(KernelException.class)
                    .hasMessageContaining("is truncated");
        }
    }

    private FileBytes open(byte[] content) throws IOException {
        Files.write(path(), content);
        return FileBytes.open("kernel", path(), "give another");
    }

    private Path path() {
        return directory.resolve("image");
    }
}
