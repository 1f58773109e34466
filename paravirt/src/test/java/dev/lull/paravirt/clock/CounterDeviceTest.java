package dev.lull.paravirt.clock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.kvm.HostTsc;
import dev.lull.linux.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The device as a file with a page in it; the true one is tried in a guest. */
class CounterDeviceTest {
    private static final long GIGA = 1_000_000_000L;

    @TempDir
    Path directory;

    @BeforeAll
    static void theCoreIsThere() {
        assertThat(HostTsc.isReadable()).isTrue();
    }

    @Test
    void itReadsTheCounterOfThePage() throws Exception {
        VirtualCounter counter = VirtualCounter.startingAt(HostTsc.read(), 5 * GIGA, 2_300_000_000L, GIGA);
        Path page = pageOf(counter);
        try (CounterDevice device = CounterDevice.open(page.toString())) {
            assertThat(device.reader().snapshot()).isEqualTo(counter);
            long before = counter.counterAt(HostTsc.read());
            long read = device.reader().read();
            assertThat(read).isBetween(before, counter.counterAt(HostTsc.read()));
        }
    }

    @Test
    void withoutTheDeviceOneLineSaysWhatWouldHelp() {
        assertThatThrownBy(() -> CounterDevice.open(directory.resolve("none").toString()))
                .isInstanceOf(CounterException.class)
                .hasMessageMatching("open on .*/none failed: ENOENT; load the module lull_pv, .*--counter scaled");
    }

    @Test
    void whatCannotBeMappedIsNamed() {
        assertThatThrownBy(() -> CounterDevice.open("/dev/null"))
                .isInstanceOf(CounterException.class)
                .hasMessage("mmap on /dev/null failed: ENODEV");
    }

    @Test
    void aFileThatIsNoPageIsRefused() throws Exception {
        Path zeros = Files.write(directory.resolve("zeros"), new byte[Mapping.PAGE_BYTES]);
        assertThatThrownBy(() -> CounterDevice.open(zeros.toString()))
                .isInstanceOf(CounterException.class)
                .hasMessageStartingWith(zeros + ": no counter's page of version 1");
    }

    private Path pageOf(VirtualCounter counter) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(Mapping.PAGE_BYTES, Mapping.PAGE_BYTES);
            new CounterPage(memory, counter);
            return Files.write(directory.resolve("page"), memory.toArray(ValueLayout.JAVA_BYTE));
        }
    }
}
