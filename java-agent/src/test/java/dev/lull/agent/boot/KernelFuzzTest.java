package dev.lull.agent.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.memory.GuestMemory;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Damaged kernels are refused with the clear line or, where the damage does not matter, loaded; nothing else happens,
 * soon and without much memory.
 *
 * <p>{@code -Dlull.fuzz.iterations=1000000} is the full run, {@code -Dlull.fuzz.seed=N} repeats one.
 */
class KernelFuzzTest {
    private static final int ITERATIONS = Integer.getInteger("lull.fuzz.iterations", 50_000);
    private static final long SEED = Long.getLong("lull.fuzz.seed", 20261121);

    /** Of an input of 2 KB; a decoder's fixed tables are most of it. */
    private static final long MAX_ALLOCATED_BYTES = 16 << 20;

    private static final long MAX_NANOS = 5_000_000_000L;

    private static final long[] INTERESTING = {
        0,
        1,
        -1,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0xffff,
        0x7fff_ffff,
        0x8000_0000L,
        0xffff_ffffL,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        0xf_ffff,
        0x10_0000,
        0x1000_0000
    };

    /** Offset and width of every header field that Lull reads, of a bzImage and of an ELF file. */
    private static final int[][] SETUP_FIELDS = {
        {0x1f1, 1},
        {0x1fe, 2},
        {0x201, 1},
        {0x202, 4},
        {0x206, 2},
        {0x211, 1},
        {0x22c, 4},
        {0x236, 2},
        {0x238, 4},
        {0x248, 4},
        {0x24c, 4},
        {TestKernels.PAYLOAD, 4},
        {TestKernels.PAYLOAD + 4, 4},
        {TestKernels.PAYLOAD + 8, 4}
    };

    private static final int[][] ELF_FIELDS = {
        {0, 4}, {4, 1}, {5, 1}, {16, 2}, {18, 2}, {24, 8}, {32, 8}, {54, 2}, {56, 2}, {120, 4}, {128, 8}, {144, 8},
        {152, 8}, {160, 8}, {176, 4}, {184, 8}, {200, 8}, {208, 8}, {216, 8}
    };

    private static final Compression[] PACKED = {Compression.GZIP, Compression.XZ, Compression.LZ4, Compression.ZSTD};

    private final GuestMemory memory = TestKernels.memory(4 * TestKernels.MIB);
    private final SplittableRandom random = new SplittableRandom(SEED);

    private int refused;
    private int loaded;
    private int unpacked;
    private long slowestNanos;
    private long mostAllocatedBytes;

    @Test
    void refusesOrLoadsWhateverItIsGiven() {
        byte[] vmlinux = TestKernels.vmlinux();
        byte[][] seeds = new byte[PACKED.length + 1][];
        for (int i = 0; i < PACKED.length; i++) {
            seeds[i] = TestKernels.bzImage(PACKED[i], vmlinux);
        }
        seeds[PACKED.length] = vmlinux;
        long start = System.nanoTime();
        for (int i = 0; i < ITERATIONS; i++) {
            byte[] input = i % 4 == 3
                    ? TestKernels.bzImage(Compression.LZ4, mutate(vmlinux, ELF_FIELDS))
                    : mutateSeed(seeds, i % seeds.length);
            try {
                tryInput(input);
            } catch (RuntimeException | Error e) {
                throw new AssertionError("input " + i + " of seed " + SEED + " (" + input.length + " bytes)", e);
            }
        }
        System.out.printf(
                "fuzz: %d images in %.1f s, seed %d: %d refused (%d after unpacking), %d loaded; slowest %.1f ms,"
                        + " most allocated %d KiB%n",
                ITERATIONS,
                (System.nanoTime() - start) / 1e9,
                SEED,
                refused,
                unpacked,
                loaded,
                slowestNanos / 1e6,
                mostAllocatedBytes >> 10);
        assertThat(slowestNanos).isLessThan(MAX_NANOS);
        assertThat(mostAllocatedBytes).isLessThan(MAX_ALLOCATED_BYTES);
        assertThat(refused).isPositive();
        assertThat(loaded).isPositive();
    }

    private byte[] mutateSeed(byte[][] seeds, int index) {
        return mutate(seeds[index], index == seeds.length - 1 ? ELF_FIELDS : SETUP_FIELDS);
    }

    private void tryInput(byte[] input) {
        long allocated = allocatedBytes();
        long start = System.nanoTime();
        boolean isUnpacked = false;
        try {
            KernelImage image = KernelImage.parse(TestKernels.bytes(input));
            if (image instanceof BzImage packed) {
                try (MemoryBytes bytes = PayloadUnpacker.unpack(packed, input, 4 * TestKernels.MIB)) {
                    isUnpacked = true;
                    load(packed.setup(), ElfImage.parse(bytes));
                }
            } else {
                load(SetupHeader.ofElf(), (ElfImage) image);
            }
            loaded++;
        } catch (KernelException e) {
            String message = String.valueOf(e.getMessage());
            boolean named = message.startsWith("kernel test: ") || message.startsWith("command line: ");
            if (!named || message.indexOf('\n') >= 0) {
                throw new AssertionError("not the clear line: " + message, e);
            }
            refused++;
            unpacked += isUnpacked ? 1 : 0;
        }
        slowestNanos = Math.max(slowestNanos, System.nanoTime() - start);
        mostAllocatedBytes = Math.max(mostAllocatedBytes, allocatedBytes() - allocated);
    }

    private void load(SetupHeader setup, ElfImage elf) {
        BootState state = LinuxBoot.load(
                memory, setup, elf, new LinuxBoot.Source(Path.of(""), null, "quiet"), TestKernels.PLATFORM);
        memory.slice(state.entryGpa(), 1);
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    /** One to four damages to a copy of {@code seed}. */
    private byte[] mutate(byte[] seed, int[][] fields) {
        byte[] image = seed.clone();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count && image.length > 0; i++) {
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> setField(image, fields[random.nextInt(fields.length)]);
                case 3 -> image[random.nextInt(image.length)] ^= (byte) (1 << random.nextInt(8));
                case 4 -> setPayloadByte(image);
                case 5 -> copyWithin(image);
                case 6 -> image[random.nextInt(image.length)] = (byte) random.nextInt(256);
                default -> image = resize(image);
            }
        }
        return image.length == 0 ? new byte[1] : image;
    }

    private void setField(byte[] image, int[] field) {
        if (field[0] + field[1] > image.length) {
            return;
        }
        ByteBuffer buffer = TestKernels.littleEndian(image);
        long old = switch (field[1]) {
            case 1 -> buffer.get(field[0]);
            case 2 -> buffer.getShort(field[0]);
            case 4 -> buffer.getInt(field[0]);
            default -> buffer.getLong(field[0]);
        };
        long value = switch (random.nextInt(4)) {
            case 0 -> INTERESTING[random.nextInt(INTERESTING.length)];
            case 1 -> old + random.nextInt(-16, 17);
            case 2 -> old ^ (1L << random.nextInt(field[1] * 8));
            default -> random.nextLong();
        };
        switch (field[1]) {
            case 1 -> buffer.put(field[0], (byte) value);
            case 2 -> buffer.putShort(field[0], (short) value);
            case 4 -> buffer.putInt(field[0], (int) value);
            default -> buffer.putLong(field[0], value);
        }
    }

    private void setPayloadByte(byte[] image) {
        if (image.length > TestKernels.PAYLOAD) {
            image[random.nextInt(TestKernels.PAYLOAD, image.length)] = (byte) random.nextInt(256);
        }
    }

    private void copyWithin(byte[] image) {
        int length = 1 + random.nextInt(Math.min(64, image.length));
        int from = random.nextInt(image.length - length + 1);
        int to = random.nextInt(image.length - length + 1);
        System.arraycopy(image, from, image, to, length);
    }

    private byte[] resize(byte[] image) {
        return Arrays.copyOf(
                image, random.nextBoolean() ? random.nextInt(image.length + 1) : image.length + random.nextInt(512));
    }
}
