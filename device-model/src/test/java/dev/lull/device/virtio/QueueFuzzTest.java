package dev.lull.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lull.device.fuzz.SeededFuzz;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Whatever a driver writes into its rings, a chain is made of buffers in guest RAM, in order, or refused. */
class QueueFuzzTest {
    /** Takes every chain and checks each of its buffers; returns the second before the first. */
    private static final class Checker implements VirtioDevice {
        private final DescriptorChain[] chains = {new DescriptorChain(8), new DescriptorChain(8)};
        private @Nullable VirtioContext context;

        @Override
        public int type() {
            return 0;
        }

        @Override
        public int pciClass() {
            return 0;
        }

        @Override
        public long features() {
            return 0;
        }

        @Override
        public int[] queueSizes() {
            return new int[] {8};
        }

        @Override
        public long readConfig(int offset, int sizeBytes) {
            return 0;
        }

        @Override
        public void activate(VirtioContext newContext) {
            context = newContext;
        }

        @Override
        public void notified(int index) {
            Virtqueue queue = context == null ? null : context.queue(index);
            if (queue == null) {
                return;
            }
            queue.suppressDoorbells();
            int taken = 0;
            while (queue.poll(chains[0])) {
                check(chains[0], queue.size());
                boolean both = queue.poll(chains[1]);
                if (both) {
                    check(chains[1], queue.size());
                    queue.complete(chains[1], (int) Math.min(chains[1].writableBytes(), 1 << 30));
                }
                queue.complete(chains[0], 0);
                queue.flush();
                // A driver may have the device write used elements where it reads available ones, without end.
                if (taken++ > 100) {
                    return;
                }
            }
            queue.armDoorbells();
        }

        @Override
        public void reset(Runnable quiet) {
            context = null;
            quiet.run();
        }

        @Override
        public void close() {}

        private static void check(DescriptorChain chain, int size) {
            long readable = 0;
            long writable = 0;
            holds(chain.pieces() >= 1 && chain.pieces() <= size);
            holds(chain.readablePieces() >= 0 && chain.readablePieces() <= chain.pieces());
            for (int i = 0; i < chain.pieces(); i++) {
                MemorySegment memory = chain.memory(i);
                long offset = chain.offset(i);
                int length = chain.lengthBytes(i);
                holds(length > 0 && offset >= 0 && offset + length <= memory.byteSize());
                holds(chain.address(i) == memory.address() + offset);
                if (i < chain.readablePieces()) {
                    readable += length;
                } else {
                    writable += length;
                }
            }
            holds(readable == chain.readableBytes() && writable == chain.writableBytes());
        }

        private static void holds(boolean condition) {
            if (!condition) {
                throw new AssertionError("a chain that is none");
            }
        }
    }

    private static final DeviceFuzz TARGET = new DeviceFuzz(new Checker(), 0, 1);

    /** {@code JAZZER_FUZZ=1} searches; otherwise what was found before is tried again. */
    @FuzzTest
    void guided(byte[] input) {
        TARGET.run(input);
    }

    @Test
    void seeded() {
        byte[] direct = {0, 0, 0, 3, 1, 1, 0, 1, 16, 4, 2, 0, 3, 0, 6, 3, 0, 6};
        byte[] indirect = {2, 0, 32, 3, 1, 1, 2, 1, 48, 4, 2, 0, 0, 2, 0, 8, (byte) 0xF0, 0, 3, 2, 6};
        byte[] many = {0, 0, 0, 3, 2, 0, 3, 0, 3, 0, 3, 0, 3, 0, 6, 3, 0, 3, 0, 6, 3, 0, 3, 0, 6};
        new SeededFuzz("queue", 96, List.of(direct, indirect, many)).run(TARGET::run);
        System.out.println("fuzz queue: " + TARGET.summary());
        assertThat(TARGET.wentDeep()).isTrue();
    }
}
