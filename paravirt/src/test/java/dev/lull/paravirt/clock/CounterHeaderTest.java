package dev.lull.paravirt.clock;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What guests have in C, {@code native/guest/linux/lull_counter.h}, finds in a page what Java put there, and counts alike. */
class CounterHeaderTest {
    private static final Path HEADERS =
            Path.of(System.getProperty("lull.root", ".."), "native/guest/linux").toAbsolutePath();
    private static final int RANDOM_CASES = 50_000;
    private static final int CASE_BYTES = CounterPage.SIZE_BYTES + Long.BYTES;
    private static final int ANSWER_BYTES = 3 * Long.BYTES;
    private static final long PAGE = 1;
    private static final long SANE = 2;

    /** Of each page and number on its input: what the header makes of them. */
    private static final String PROGRAM = """
            #include <stdio.h>
            #include "lull_counter.h"
            int main(void) {
                struct { struct lull_counter_page page; __u64 number; } given;
                _Static_assert(sizeof(given) == %d, "a case");
                while (fread(&given, sizeof(given), 1, stdin) == 1) {
                    struct lull_counter counter;
                    lull_counter_snapshot(&given.page, &counter);
                    __u64 answer[3] = {0, 0, lull_counter_is_page(&given.page)};
                    if (lull_counter_is_sane(&counter)) {
                        answer[0] = lull_counter_at(&counter, given.number);
                        answer[1] = lull_counter_ticks_at(&counter, given.number);
                        answer[2] |= 2;
                    }
                    fwrite(answer, sizeof(answer), 1, stdout);
                }
                return 0;
            }
            """.formatted(CASE_BYTES);

    @TempDir
    static Path directory;

    private final Arena arena = Arena.ofAuto();

    private record Case(VirtualCounter counter, long number) {}

    private record Answer(long counter, long ticks, long verdict) {}

    @BeforeAll
    static void compile() throws Exception {
        Files.writeString(directory.resolve("program.c"), PROGRAM);
        Process compiler = new ProcessBuilder(
                        "cc",
                        "-O2",
                        "-Wall",
                        "-Wextra",
                        "-Werror",
                        "-Wpedantic",
                        "-std=gnu11",
                        "-I" + HEADERS,
                        "-o",
                        "program",
                        "program.c")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(compiler.waitFor()).as(said).isZero();
    }

    @Test
    void itCountsAsJavaDoes() throws Exception {
        SplittableRandom random = new SplittableRandom(12);
        List<Case> cases = new ArrayList<>();
        for (int i = 0; i < RANDOM_CASES; i++) {
            VirtualCounter counter = VirtualCounter.startingAt(
                    random.nextLong(), random.nextLong(), frequency(random), frequency(random));
            long near = random.nextLong() >> random.nextInt(64);
            long farthest = random.nextBoolean() ? Long.MIN_VALUE : Long.MAX_VALUE;
            long number = switch (i % 4) {
                case 0 -> counter.hostBase() + near;
                case 1 -> counter.guestBase() + near;
                case 2 -> counter.guestBase() + farthest - i % 3;
                default -> random.nextLong();
            };
            cases.add(new Case(counter, number));
        }
        ByteBuffer given = ByteBuffer.allocate(cases.size() * CASE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        cases.forEach(one -> given.put(page(one.counter)).putLong(one.number));
        List<Answer> answers = answers(given.array());
        for (int i = 0; i < cases.size(); i++) {
            Case one = cases.get(i);
            assertThat(answers.get(i))
                    .as("%s of %d", one.counter, one.number)
                    .isEqualTo(new Answer(
                            one.counter.counterAt(one.number), one.counter.hostTicksAt(one.number), PAGE | SANE));
        }
    }

    @Test
    void itRefusesWhatIsNoPageOrHasNoFactors() throws Exception {
        VirtualCounter good = VirtualCounter.startingAt(1, 2, 2_300_000_000L, 1_000_000_000);
        assertThat(verdict(page(good))).isEqualTo(PAGE | SANE);
        assertThat(verdict(new byte[CounterPage.SIZE_BYTES])).isZero();
        assertThat(verdict(changed(good, (int) CounterPage.MAGIC_OFFSET))).isEqualTo(SANE);
        assertThat(verdict(changed(good, (int) CounterPage.VERSION_OFFSET))).isEqualTo(SANE);
        for (long offset : new long[] {
            CounterPage.SHIFT_OFFSET + 3,
            CounterPage.FORWARD_OFFSET,
            CounterPage.FORWARD_OFFSET + 7,
            CounterPage.REVERSE_OFFSET,
            CounterPage.REVERSE_OFFSET + 7,
            CounterPage.NOMINAL_HZ_OFFSET + 7
        }) {
            assertThat(verdict(changed(good, (int) offset)))
                    .as("byte %d", offset)
                    .isEqualTo(PAGE);
        }
    }

    private static long verdict(byte[] page) throws IOException, InterruptedException {
        return answers(Arrays.copyOf(page, CASE_BYTES)).getFirst().verdict;
    }

    private static List<Answer> answers(byte[] cases) throws IOException, InterruptedException {
        Path input = Files.write(directory.resolve("input"), cases);
        Path output = directory.resolve("output");
        Process program = new ProcessBuilder(directory.resolve("program").toString())
                .redirectInput(input.toFile())
                .redirectOutput(output.toFile())
                .start();
        assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
        ByteBuffer said = ByteBuffer.wrap(Files.readAllBytes(output)).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(said.remaining()).isEqualTo(cases.length / CASE_BYTES * ANSWER_BYTES);
        List<Answer> answers = new ArrayList<>();
        while (said.hasRemaining()) {
            answers.add(new Answer(said.getLong(), said.getLong(), said.getLong()));
        }
        return answers;
    }

    private byte[] page(VirtualCounter counter) {
        MemorySegment memory = arena.allocate(CounterPage.SIZE_BYTES, CounterPage.SIZE_BYTES);
        new CounterPage(memory, counter);
        return memory.toArray(ValueLayout.JAVA_BYTE);
    }

    private byte[] changed(VirtualCounter counter, int offset) {
        byte[] page = page(counter);
        page[offset] ^= 0x40;
        return page;
    }

    private static long frequency(SplittableRandom random) {
        double exponent = random.nextDouble(Math.log(VirtualCounter.MIN_HZ), Math.log(VirtualCounter.MAX_HZ));
        return Math.clamp((long) Math.exp(exponent), VirtualCounter.MIN_HZ, VirtualCounter.MAX_HZ);
    }
}
