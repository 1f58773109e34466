package dev.lull.agent.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.memory.GuestMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cache saves work, survives whatever happens to its files, and never costs a boot. */
class PayloadCacheTest {
    /** Every file of the test has long settled by this clock. */
    private static final InstantSource LATER = InstantSource.offset(InstantSource.system(), Duration.ofMinutes(1));

    private static final int FIRST_TEXT_BYTE = TestKernels.TEXT_OFFSET;

    @TempDir
    Path directory;

    private final List<String> warnings = new ArrayList<>();

    @Test
    void keepsWhatItUnpacked() throws IOException {
        Path kernel = kernel("a", 0);

        assertThat(firstTextByte(kernel, cache())).isZero();

        assertThat(names(".vmlinux")).hasSize(1);
        assertThat(names(".link")).hasSize(1);
        assertThat(names(".tmp")).isEmpty();
        assertThat(warnings).isEmpty();
    }

    @Test
    void leadsFromAnUnchangedFileStraightToItsEntry() throws IOException {
        Path kernel = kernel("a", 0);
        firstTextByte(kernel, cache());
        patchEntry(FIRST_TEXT_BYTE, 77);

        // Only who trusts the identity, and neither reads nor unpacks the kernel again, sees the patch.
        assertThat(firstTextByte(kernel, cache())).isEqualTo(77);
    }

    @Test
    void readsAnotherFileWithTheSamePath() throws IOException {
        Path kernel = kernel("a", 0);
        firstTextByte(kernel, cache());

        assertThat(firstTextByte(kernel("a", 9), cache())).isEqualTo(9);
        assertThat(names(".vmlinux")).hasSize(2);
    }

    @Test
    void findsTheSameContentElsewhere() throws IOException {
        firstTextByte(kernel("a", 0), cache());
        firstTextByte(kernel("b", 0), cache());

        assertThat(names(".vmlinux")).hasSize(1);
        assertThat(names(".link")).hasSize(2);
    }

    @Test
    void doesNotRememberFilesThatMayStillChangeUnnoticed() throws IOException {
        PayloadCache cache = new PayloadCache(cacheDirectory(), warnings::add);

        firstTextByte(kernel("a", 0), cache);

        assertThat(names(".vmlinux")).hasSize(1);
        assertThat(names(".link")).isEmpty();
    }

    @Test
    void makesTruncatedEntryAnew() throws IOException {
        Path kernel = kernel("a", 5);
        firstTextByte(kernel, cache());
        try (FileChannel channel = FileChannel.open(entry(), StandardOpenOption.WRITE)) {
            channel.truncate(100);
        }

        assertThat(firstTextByte(kernel, cache())).isEqualTo(5);
        assertThat(Files.size(entry())).isEqualTo(TestKernels.vmlinux().length);
    }

    @Test
    void makesEntryWithDamagedHeadersAnew() throws IOException {
        Path kernel = kernel("a", 5);
        firstTextByte(kernel, cache());
        patchEntry(0, 0);

        assertThat(firstTextByte(kernel, cache())).isEqualTo(5);
        assertThat(Files.readAllBytes(entry())[0]).isEqualTo((byte) 0x7f);
    }

    @Test
    void makesVanishedEntryAnew() throws IOException {
        Path kernel = kernel("a", 5);
        firstTextByte(kernel, cache());
        Files.delete(entry());

        assertThat(firstTextByte(kernel, cache())).isEqualTo(5);
        assertThat(names(".vmlinux")).hasSize(1);
    }

    @Test
    void bootsWithoutTheCacheOnAFullDisk() throws IOException {
        PayloadStore store = new PayloadStore(cacheDirectory(), new FullDisk());
        PayloadCache cache = new PayloadCache(store, warnings::add, LATER);

        assertThat(firstTextByte(kernel("a", 5), cache)).isEqualTo(5);

        assertThat(warnings)
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .contains("cannot keep the unpacked kernel in " + cacheDirectory())
                        .contains("No space left on device")
                        .doesNotContain("\n"));
        assertThat(names("")).isEmpty();
    }

    private static final class FullDisk extends PayloadStore.EntryWriter {
        @Override
        void write(FileChannel channel, ByteBuffer bytes) throws IOException {
            channel.write(bytes.slice(0, bytes.remaining() / 2));
            throw new IOException("No space left on device");
        }
    }

    @Test
    void bootsWithoutTheCacheWhereItCannotBe() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        PayloadCache cache = new PayloadCache(file.resolve("payloads"), warnings::add);

        assertThat(firstTextByte(kernel("a", 5), cache)).isEqualTo(5);
        assertThat(warnings).singleElement().asString().contains("cannot keep the unpacked kernel in " + file);
    }

    @Test
    void staysSmall() throws IOException {
        Files.createDirectories(cacheDirectory());
        Path abandoned = Files.createFile(cacheDirectory().resolve("unpacking-1.tmp"));
        Files.setLastModifiedTime(
                abandoned, java.nio.file.attribute.FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        Path inUse = Files.createFile(cacheDirectory().resolve("unpacking-2.tmp"));

        for (int i = 0; i < PayloadStore.MAX_ENTRIES + 4; i++) {
            firstTextByte(kernel("kernel" + i, i), cache());
        }

        assertThat(names(".vmlinux")).hasSize(PayloadStore.MAX_ENTRIES);
        assertThat(names(".link")).hasSizeBetween(PayloadStore.MAX_ENTRIES, PayloadStore.MAX_ENTRIES + 1);
        assertThat(names(".tmp")).containsExactly(inUse.getFileName().toString());
    }

    @Test
    void manyRaceForOneEntry() throws Exception {
        Path kernel = kernel("a", 5);
        for (int round = 0; round < 20; round++) {
            try (ExecutorService racers = Executors.newFixedThreadPool(8)) {
                List<Callable<Integer>> boots = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    boots.add(() -> firstTextByte(kernel, cache()));
                }
                for (Future<Integer> boot : racers.invokeAll(boots)) {
                    assertThat(boot.get()).isEqualTo(5);
                }
            }
            assertThat(names(".vmlinux")).hasSize(1);
            assertThat(names(".link")).hasSize(1);
            assertThat(names(".tmp")).isEmpty();
            Files.delete(entry());
        }
        assertThat(warnings).isEmpty();
    }

    @Test
    void findsItsDirectoryInTheEnvironment() {
        assertThat(PayloadCache.defaultDirectory(Map.of("LULL_CACHE", "/c", "XDG_CACHE_HOME", "/x", "HOME", "/h")))
                .hasToString("/c/payloads");
        assertThat(PayloadCache.defaultDirectory(Map.of("LULL_CACHE", "", "XDG_CACHE_HOME", "/x", "HOME", "/h")))
                .hasToString("/x/lull/payloads");
        assertThat(PayloadCache.defaultDirectory(Map.of("XDG_CACHE_HOME", "relative", "HOME", "/h")))
                .hasToString("/h/.cache/lull/payloads");
    }

    private PayloadCache cache() {
        return new PayloadCache(new PayloadStore(cacheDirectory()), warnings::add, LATER);
    }

    private Path cacheDirectory() {
        return directory.resolve("cache/payloads");
    }

    private Path entry() throws IOException {
        return cacheDirectory().resolve(names(".vmlinux").getFirst());
    }

    private void patchEntry(int offset, int value) throws IOException {
        try (FileChannel channel = FileChannel.open(entry(), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {(byte) value}), offset);
        }
    }

    /** A bzImage file whose kernel's text starts with the given byte. */
    private Path kernel(String name, int firstTextByte) throws IOException {
        byte[] vmlinux = TestKernels.vmlinux();
        vmlinux[FIRST_TEXT_BYTE] = (byte) firstTextByte;
        Path file = directory.resolve(name);
        Files.deleteIfExists(file);
        return Files.write(file, TestKernels.bzImage(Compression.ZSTD, vmlinux));
    }

    private static int firstTextByte(Path kernel, PayloadCache cache) {
        GuestMemory memory =
                new GuestMemory(List.of(new GuestMemory.Region(0, MemorySegment.ofArray(new byte[4 << 20]))));
        LinuxBoot.load(memory, new LinuxBoot.Source(kernel, null, ""), cache, TestKernels.PLATFORM);
        return memory.slice(TestKernels.TEXT_GPA, 1).get(ValueLayout.JAVA_BYTE, 0);
    }

    private List<String> names(String suffix) {
        if (!Files.isDirectory(cacheDirectory(), LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(cacheDirectory())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(suffix))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
