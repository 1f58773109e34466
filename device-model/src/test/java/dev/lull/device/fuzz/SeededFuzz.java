package dev.lull.device.fuzz;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Feeds random and damaged inputs to a fuzz target, the same in each run of one seed.
 *
 * <p>{@code -Dlull.fuzz.iterations=10000000} is the full run, {@code -Dlull.fuzz.seed=N} another one.
 */
public final class SeededFuzz {
    private static final int ITERATIONS = Integer.getInteger("lull.fuzz.iterations", 20_000);
    private static final long SEED = Long.getLong("lull.fuzz.seed", 20261121);

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final String name;
    private final int maxBytes;
    private final List<byte[]> corpus;

    /**
     * Inputs for one target.
     *
     * @param name of the target, for the summary
     * @param maxBytes the longest input
     * @param corpus what to begin with; may be empty
     */
    public SeededFuzz(String name, int maxBytes, List<byte[]> corpus) {
        this.name = name;
        this.maxBytes = maxBytes;
        this.corpus = List.copyOf(corpus);
    }

    /** The inputs that Jazzer keeps for {@code method} of {@code test}, among them whatever it once found. */
    public static List<byte[]> corpus(Class<?> test, String method) {
        URL folder = test.getResource(test.getSimpleName() + "Inputs/" + method);
        if (folder == null) {
            throw new IllegalArgumentException(test.getSimpleName() + " keeps no inputs for " + method);
        }
        List<byte[]> inputs = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of(folder.toURI()))) {
            for (Path file : files.sorted().toList()) {
                inputs.add(Files.readAllBytes(file));
            }
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException("the inputs of " + test.getSimpleName() + " cannot be read", e);
        }
        return inputs;
    }

    /**
     * Gives {@code target} as many inputs as the command line says.
     *
     * @throws AssertionError with the input, if the target throws anything
     */
    public void run(Consumer<byte[]> target) {
        long start = System.nanoTime();
        for (int i = 0; i < ITERATIONS; i++) {
            byte[] input = next(i);
            try {
                target.accept(input);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "input %d of seed %d: %s"
                                .formatted(i, SEED, HexFormat.of().formatHex(input)),
                        e);
            }
        }
        System.out.printf(
                "fuzz %s: %d inputs in %.1f s, seed %d%n", name, ITERATIONS, (System.nanoTime() - start) / 1e9, SEED);
    }

    private byte[] next(int index) {
        if (corpus.isEmpty() || index % 2 == 0) {
            byte[] input = new byte[random.nextInt(maxBytes + 1)];
            random.nextBytes(input);
            return input;
        }
        return damage(corpus.get(random.nextInt(corpus.size())).clone());
    }

    /** One to eight damages. */
    private byte[] damage(byte[] seed) {
        byte[] input = seed;
        int count = 1 + random.nextInt(8);
        for (int i = 0; i < count && input.length > 0; i++) {
            int at = random.nextInt(input.length);
            switch (random.nextInt(4)) {
                case 0 -> input[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> input[at] = (byte) random.nextInt(256);
                case 2 -> input = Arrays.copyOf(input, random.nextInt(maxBytes + 1));
                default -> {
                    int from = random.nextInt(input.length);
                    int length = random.nextInt(input.length - Math.max(at, from) + 1);
                    System.arraycopy(input, from, input, at, length);
                }
            }
        }
        return input;
    }
}
