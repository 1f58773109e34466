package dev.lull.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever valid chains a driver makes, the device gets exactly those, and the driver what the device returned. */
class SplitQueueModelTest {
    private static final int SIZE = 16;
    private static final int ROUNDS = 20_000;
    private static final long FEATURES = (1L << VirtioFeature.INDIRECT_DESC) | (1L << VirtioFeature.EVENT_IDX);
    private static final int DATA_GPA = 1 << 20;
    private static final int DATA_BYTES = 8 << 20;

    private record Piece(long offset, int lengthBytes, boolean writable) {}

    private final TestGuest guest = new TestGuest();
    private final TestQueue driver = new TestQueue(guest, SIZE, FEATURES);
    private final long tables = guest.allocate(16L * SIZE * SIZE, 16);
    private final Random random = new Random(20261121);
    private int freeDescriptors;
    private int usedIndex;

    @Test
    void aDeviceGetsWhatADriverGives() {
        for (int round = 0; round < ROUNDS; round++) {
            List<List<Piece>> given = new ArrayList<>();
            List<Integer> heads = new ArrayList<>();
            freeDescriptors = SIZE;
            while (freeDescriptors > 0 && random.nextInt(8) != 0) {
                List<Piece> pieces = pieces();
                given.add(pieces);
                heads.add(publish(pieces));
            }
            List<DescriptorChain> taken = takeAll(given, heads);
            giveBack(taken);
        }
    }

    /** One to all that fit, readable ones first. */
    private List<Piece> pieces() {
        int count = 1 + random.nextInt(SIZE);
        int readable = random.nextInt(count + 1);
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int length = 1 + random.nextInt(1 << random.nextInt(1, 20));
            pieces.add(new Piece(DATA_GPA + random.nextInt(DATA_BYTES - length + 1), length, i >= readable));
        }
        return pieces;
    }

    /** Lays the chain out in the queue's descriptors or, if it does not fit or by chance, in a table. */
    private int publish(List<Piece> pieces) {
        boolean direct = pieces.size() <= freeDescriptors && random.nextBoolean();
        int head = SIZE - freeDescriptors;
        long table = tables + 16L * SIZE * head;
        for (int i = 0; i < pieces.size(); i++) {
            Piece piece = pieces.get(i);
            int flags = (piece.writable ? TestQueue.WRITE : 0) | (i + 1 < pieces.size() ? TestQueue.NEXT : 0);
            if (direct) {
                driver.descriptor(head + i, piece.offset, piece.lengthBytes, flags, head + i + 1);
            } else {
                TestQueue.putDescriptor(guest.at(table, 16L * SIZE), i, piece.offset, piece.lengthBytes, flags, i + 1);
            }
        }
        if (!direct) {
            driver.descriptor(head, table, 16 * pieces.size(), TestQueue.INDIRECT, random.nextInt(1 << 16));
        }
        freeDescriptors -= direct ? pieces.size() : 1;
        driver.publish(head);
        return head;
    }

    private List<DescriptorChain> takeAll(List<List<Piece>> given, List<Integer> heads) {
        List<DescriptorChain> taken = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            DescriptorChain chain = new DescriptorChain(SIZE);
            assertThat(driver.queue().poll(chain)).isTrue();
            assertThat(chain.head()).isEqualTo(heads.get(i));
            List<Piece> got = new ArrayList<>();
            for (int piece = 0; piece < chain.pieces(); piece++) {
                got.add(new Piece(chain.offset(piece), chain.lengthBytes(piece), piece >= chain.readablePieces()));
            }
            assertThat(got).isEqualTo(given.get(i));
            taken.add(chain);
        }
        assertThat(driver.queue().poll(new DescriptorChain(SIZE))).isFalse();
        return taken;
    }

    /** In any order and in batches, each of which interrupts if it passes the index the driver named. */
    private void giveBack(List<DescriptorChain> taken) {
        Collections.shuffle(taken, random);
        int next = 0;
        while (next < taken.size()) {
            int batch = 1 + random.nextInt(taken.size() - next);
            int event = (usedIndex + random.nextInt(-3, batch + 3)) & 0xFFFF;
            driver.setUsedEvent(event);
            for (int i = 0; i < batch; i++) {
                driver.queue().complete(taken.get(next + i), next + i);
            }
            int interrupts = driver.interrupts();
            driver.queue().flush();
            boolean passed = ((event - usedIndex) & 0xFFFF) < batch;
            assertThat(driver.interrupts() - interrupts).isEqualTo(passed ? 1 : 0);
            for (int i = 0; i < batch; i++) {
                assertThat(driver.takeUsed())
                        .isEqualTo(new TestQueue.Used(taken.get(next + i).head(), next + i));
            }
            next += batch;
            usedIndex = (usedIndex + batch) & 0xFFFF;
        }
    }
}
