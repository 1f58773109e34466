package dev.lull.device.virtio;

import static dev.lull.device.virtio.TestQueue.INDIRECT;
import static dev.lull.device.virtio.TestQueue.NEXT;
import static dev.lull.device.virtio.TestQueue.WRITE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.device.virtio.TestQueue.Used;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A split queue hands over what the driver made available, tells it what was used, and refuses what breaks a rule. */
class SplitQueueTest {
    private static final int SIZE = 8;
    private static final long INDIRECT_DESC = 1L << VirtioFeature.INDIRECT_DESC;
    private static final long EVENT_IDX = 1L << VirtioFeature.EVENT_IDX;

    private final TestGuest guest = new TestGuest();
    private final DescriptorChain chain = new DescriptorChain(SIZE);
    private TestQueue driver = new TestQueue(guest, SIZE, INDIRECT_DESC);

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aChainIsItsBuffersInOrder(boolean indirect) {
        TestQueue.Chain request = driver.chain()
                .readable("head".getBytes(US_ASCII))
                .readable((byte) 7)
                .writable(100);
        if (indirect) {
            request.indirect();
        }
        int head = request.publish();

        assertThat(driver.queue().poll(chain)).isTrue();
        assertThat(chain.pieces()).isEqualTo(3);
        assertThat(chain.readablePieces()).isEqualTo(2);
        assertThat(chain.readableBytes()).isEqualTo(5);
        assertThat(chain.writableBytes()).isEqualTo(100);
        byte[] read = new byte[5];
        assertThat(chain.copyOut(0, MemorySegment.ofArray(read), 0, 5)).isEqualTo(5);
        assertThat(read).containsExactly('h', 'e', 'a', 'd', 7);
        assertThat(chain.copyIn(98, MemorySegment.ofArray(read), 0, 5)).isEqualTo(2);
        assertThat(request.bytes(2)).endsWith('h', 'e').startsWith(0, 0);
        assertThat(driver.queue().poll(new DescriptorChain(SIZE))).isFalse();

        driver.queue().complete(chain, 100);
        assertThat(driver.takeUsed()).isNull();
        driver.queue().flush();
        assertThat(driver.takeUsed()).isEqualTo(new Used(head, 100));
        assertThat(driver.takeUsed()).isNull();
    }

    @Test
    void directDescriptorsMayPrecedeAnIndirectOne() {
        long table = guest.allocate(32, 1);
        TestQueue.putDescriptor(guest.at(table, 32), 0, 0x100, 2, NEXT, 1);
        TestQueue.putDescriptor(guest.at(table, 32), 1, 0x200, 3, WRITE, 77);
        driver.descriptor(5, 0x300, 1, NEXT, 2);
        // The write flag of a descriptor that refers to a table means nothing (virtio 1.2 §2.7.5.3.2).
        driver.descriptor(2, table, 32, INDIRECT | WRITE, 99);
        driver.publish(5);
        assertThat(driver.queue().poll(chain)).isTrue();
        assertThat(chain.pieces()).isEqualTo(3);
        assertThat(chain.readableBytes()).isEqualTo(3);
        assertThat(chain.offset(1)).isEqualTo(0x100);
        assertThat(chain.lengthBytes(2)).isEqualTo(3);
    }

    @Test
    void chainsMayCompleteInAnyOrderAndBeTakenBack() {
        DescriptorChain other = new DescriptorChain(SIZE);
        int first = driver.chain().writable(1).publish();
        int second = driver.chain().writable(2).publish();
        driver.queue().poll(chain);
        driver.queue().undoPoll();
        driver.queue().poll(chain);
        assertThat(chain.writableBytes()).isEqualTo(1);
        driver.queue().poll(other);
        driver.queue().complete(other, 2);
        driver.queue().complete(chain, 0);
        driver.queue().flush();
        assertThat(driver.takeUsed()).isEqualTo(new Used(second, 2));
        assertThat(driver.takeUsed()).isEqualTo(new Used(first, 0));
        assertThatThrownBy(() -> driver.queue().complete(chain, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void indicesWrap() {
        for (int i = 0; i < 70_000; i++) {
            driver.descriptor(i & SIZE - 1, 0x1000, i + 1, WRITE, 0);
            driver.publish(i & SIZE - 1);
            assertThat(driver.queue().poll(chain)).isTrue();
            assertThat(chain.writableBytes()).isEqualTo(i + 1);
            driver.queue().complete(chain, i);
            driver.queue().flush();
            assertThat(driver.takeUsed()).isEqualTo(new Used(i & SIZE - 1, i));
        }
        assertThat(driver.interrupts()).isEqualTo(70_000);
    }

    @Test
    void aDriverThatWantsNoInterruptGetsNone() {
        driver.avail().set(JAVA_SHORT, 0, (short) 1);
        serveOne();
        assertThat(driver.interrupts()).isZero();
        driver.avail().set(JAVA_SHORT, 0, (short) 0);
        driver.queue().flush();
        assertThat(driver.interrupts()).isZero();
        serveOne();
        assertThat(driver.interrupts()).isEqualTo(1);
    }

    @Test
    void doorbellsAreSuppressedByFlag() {
        driver.queue().suppressDoorbells();
        assertThat(driver.wantsDoorbell(0)).isFalse();
        assertThat(driver.queue().armDoorbells()).isFalse();
        assertThat(driver.wantsDoorbell(0)).isTrue();
        driver.chain().writable(1).publish();
        assertThat(driver.queue().armDoorbells()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 1, true", "1, 1, false", "1, 2, true", "2, 3, true", "65535, 3, false", "3, 3, false"})
    void anEventIndexAsksForOneInterrupt(int usedEvent, int served, boolean expected) {
        driver = new TestQueue(guest, SIZE, EVENT_IDX);
        driver.avail().set(JAVA_SHORT, 0, (short) 1);
        driver.setUsedEvent(usedEvent);
        for (int i = 0; i < served; i++) {
            driver.chain().writable(1).publish();
            driver.queue().poll(chain);
            driver.queue().complete(chain, 1);
        }
        driver.queue().flush();
        assertThat(driver.interrupts()).isEqualTo(expected ? 1 : 0);
    }

    @Test
    void anEventIndexIsServedOnceAroundTheWrap() {
        driver = new TestQueue(guest, SIZE, EVENT_IDX);
        int expected = 0;
        for (int i = 0; i < 140_000; i++) {
            if (i % 7 == 0) {
                driver.setUsedEvent(i + 3);
            }
            serveOne();
            expected += i % 7 == 3 ? 1 : 0;
            assertThat(driver.interrupts()).isEqualTo(expected);
            assertThat(driver.takeUsed()).isNotNull();
        }
    }

    @Test
    void doorbellsAreArmedByEventIndex() {
        driver = new TestQueue(guest, SIZE, EVENT_IDX);
        serveOne();
        assertThat(driver.queue().armDoorbells()).isFalse();
        int before = driver.availableIndex();
        driver.chain().writable(1).publish();
        assertThat(driver.wantsDoorbell(before)).isTrue();
        driver.queue().suppressDoorbells();
        assertThat(driver.used().get(JAVA_SHORT, 0)).isZero();
        driver.chain().writable(1).publish();
        assertThat(driver.wantsDoorbell(before + 1)).isFalse();
    }

    @Test
    void badRingsAreRefused() {
        long end = TestGuest.LOW_END_GPA;
        assertRingsRefused("queue size 3", 3, 0, 0x1000, 0x2000);
        assertRingsRefused("queue size 0", 0, 0, 0x1000, 0x2000);
        assertRingsRefused("queue size 65536", 65536, 0, 0x1000, 0x2000);
        assertRingsRefused("the descriptor area", SIZE, 8, 0x1000, 0x2000);
        assertRingsRefused("the driver area", SIZE, 0, 0x1001, 0x2000);
        assertRingsRefused("the device area", SIZE, 0, 0x1000, 0x2002);
        assertRingsRefused("the descriptor area", SIZE, end - 112, 0x1000, 0x2000);
        assertRingsRefused("the driver area", SIZE, 0, end - 20, 0x2000);
        assertRingsRefused("the device area", SIZE, 0, 0x1000, end - 68);
        assertRingsRefused("the device area", SIZE, 0, 0x1000, -4);
        assertRingsRefused("the driver area", SIZE, 0, Long.MIN_VALUE, 0x2000);
        new SplitQueue(guest.memory(), SIZE, end - 128, end - 22 & -2, end - 72, 0, () -> {});
    }

    private void assertRingsRefused(String what, int size, long descriptor, long driverArea, long device) {
        assertThatThrownBy(() -> new SplitQueue(guest.memory(), size, descriptor, driverArea, device, 0, () -> {}))
                .isInstanceOf(VirtioException.class)
                .hasMessageContaining(what);
    }

    @Test
    void aLoopIsRefused() {
        driver.descriptor(0, 0x100, 1, NEXT, 1);
        driver.descriptor(1, 0x100, 1, NEXT, 0);
        assertRefused(0, "longer than the queue size, or a loop");
    }

    @Test
    void aLoopInATableIsRefused() {
        long table = guest.allocate(16, 16);
        TestQueue.putDescriptor(guest.at(table, 16), 0, 0x100, 1, NEXT, 0);
        driver.descriptor(0, table, 16, INDIRECT, 0);
        assertRefused(0, "longer than the queue size, or a loop");
    }

    @Test
    void aTableMayHoldAsManyBuffersAsTheQueueAndNoMore() {
        TestQueue.Chain full = driver.chain().indirect();
        for (int i = 0; i < SIZE; i++) {
            full.writable(1);
        }
        full.publish();
        assertThat(driver.queue().poll(chain)).isTrue();
        full.writable(1).publish();
        assertThatThrownBy(() -> driver.queue().poll(chain)).hasMessageContaining("longer than the queue size");
    }

    @ParameterizedTest
    @CsvSource({
        "0xffffff, 2",
        "0x1000000, 1",
        "0xffffffff, 2",
        "0x1000fffff, 2",
        "-1, 1",
        "-1, 2",
        "-4096, 8192",
        "0x7fffffffffffffff, 1",
        "0x8000000000000000, 1",
        "0x8000000100000000, 1"
    })
    void aBufferOutsideMemoryIsRefused(String gpa, int lengthBytes) {
        long address = gpa.startsWith("0x") ? Long.parseUnsignedLong(gpa.substring(2), 16) : Long.parseLong(gpa);
        driver.descriptor(3, address, lengthBytes, 0, 0);
        assertRefused(3, "a buffer that is not, or not wholly, in guest memory");
        driver.reset();
        driver.descriptor(3, address, lengthBytes * 16, INDIRECT, 0);
        assertRefused(3, "an indirect table that is not, or not wholly, in guest memory");
    }

    @Test
    void theLastByteOfARegionIsABuffer() {
        driver.descriptor(0, TestGuest.LOW_END_GPA - 1, 1, NEXT, 1);
        driver.descriptor(1, TestGuest.HIGH_GPA + TestGuest.HIGH_BYTES - 2, 2, WRITE, 0);
        driver.publish(0);
        assertThat(driver.queue().poll(chain)).isTrue();
        assertThat(chain.offset(1)).isEqualTo(TestGuest.HIGH_BYTES - 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void aBufferOfNoOrHugeLengthIsRefused(int lengthBytes) {
        driver.descriptor(0, 0x1000, lengthBytes, 0, 0);
        assertRefused(0, "a buffer of no bytes, or of 2 GiB or more");
    }

    @Test
    void aReadableBufferAfterAWritableOneIsRefused() {
        driver.descriptor(0, 0x1000, 1, NEXT | WRITE, 1);
        driver.descriptor(1, 0x1000, 1, 0, 0);
        assertRefused(0, "a device-readable descriptor after a device-writable one");
    }

    @Test
    void anIndexOutsideTheTableIsRefused() {
        assertRefused(SIZE, "an available ring entry names no descriptor");
        driver.reset();
        assertRefused(0xFFFF, "an available ring entry names no descriptor");
        driver.reset();
        driver.descriptor(0, 0x1000, 1, NEXT, SIZE);
        assertRefused(0, "the next field names no descriptor");
        driver.reset();
        long table = guest.allocate(32, 16);
        TestQueue.putDescriptor(guest.at(table, 32), 0, 0x100, 1, NEXT, 1);
        driver.descriptor(0, table, 16, INDIRECT, 0);
        assertRefused(0, "the next field names no descriptor");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 17, -1, -15})
    void aTableOfOddLengthIsRefused(int lengthBytes) {
        driver.descriptor(0, 0x1000, lengthBytes, INDIRECT, 0);
        assertRefused(0, "an indirect table whose length is not a multiple of 16");
    }

    @Test
    void indirectDescriptorsAreRefusedWhereTheyMayNotBe() {
        long table = guest.allocate(16, 16);
        driver.descriptor(0, table, 16, INDIRECT | NEXT, 1);
        assertRefused(0, "both VIRTQ_DESC_F_INDIRECT and VIRTQ_DESC_F_NEXT");
        driver.reset();
        TestQueue.putDescriptor(guest.at(table, 16), 0, table, 16, INDIRECT, 0);
        driver.descriptor(0, table, 16, INDIRECT, 0);
        assertRefused(0, "an indirect descriptor within an indirect table");
        driver = new TestQueue(guest, SIZE, EVENT_IDX);
        driver.descriptor(0, table, 16, INDIRECT, 0);
        assertRefused(0, "VIRTIO_F_INDIRECT_DESC was not negotiated");
    }

    @Test
    void moreChainsThanDescriptorsAreRefused() {
        driver.publishIndex(SIZE + 1);
        assertThatThrownBy(() -> driver.queue().poll(chain)).hasMessageContaining("more buffers made available");
        driver.reset();
        driver.publishIndex(-1);
        assertThatThrownBy(() -> driver.queue().poll(chain)).hasMessageContaining("more buffers made available");
    }

    @Test
    void chainsUnderWayCountAsDescriptorsInUse() {
        driver.descriptor(0, 0x1000, 1, 0, 0);
        for (int i = 0; i < SIZE; i++) {
            driver.publish(0);
            assertThat(driver.queue().poll(chain)).isTrue();
        }
        assertRefused(0, "more buffers made available");
        driver.queue().complete(chain, 0);
        assertThat(driver.queue().poll(chain)).isTrue();
    }

    @Test
    @Tag("allocation")
    void nothingIsAllocatedForARequest() {
        driver = new TestQueue(guest, SIZE, INDIRECT_DESC | EVENT_IDX);
        long table = guest.allocate(32, 16);
        TestQueue.putDescriptor(guest.at(table, 32), 0, 0x100, 2, NEXT, 1);
        TestQueue.putDescriptor(guest.at(table, 32), 1, TestGuest.HIGH_GPA, 3, WRITE, 0);
        driver.descriptor(0, table, 32, INDIRECT, 0);
        driver.descriptor(1, 0x100, 16, NEXT, 2);
        driver.descriptor(2, 0x200, 16, WRITE, 0);
        Allocations.assertNone(() -> serveMany(20_000));
    }

    private void serveMany(int count) {
        for (int i = 0; i < count; i++) {
            driver.publish(0);
            driver.publish(1);
            driver.queue().suppressDoorbells();
            while (driver.queue().poll(chain)) {
                driver.queue().complete(chain, 1);
            }
            driver.queue().armDoorbells();
            driver.queue().flush();
        }
    }

    private void serveOne() {
        driver.chain().writableAt(0x1000, 1).publish();
        assertThat(driver.queue().poll(chain)).isTrue();
        driver.queue().complete(chain, 1);
        driver.queue().flush();
    }

    private void assertRefused(int head, String rule) {
        driver.publish(head);
        assertThatThrownBy(() -> driver.queue().poll(chain))
                .isInstanceOf(VirtioException.class)
                .hasMessageContaining(rule);
    }
}
