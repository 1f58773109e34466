package dev.lull.device.virtio;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.loop.EventLoop;
import dev.lull.device.pci.TestMachine;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** A virtio device on PCI, its driver, and a loop that the test turns. */
abstract class VirtioPciBase {
    static final int SLOT = 1;
    static final long ALL = TestDriver.VERSION_1
            | 1L << VirtioFeature.EVENT_IDX
            | 1L << VirtioFeature.INDIRECT_DESC
            | 1L << EchoDevice.FEATURE;

    final TestMachine machine = new TestMachine();
    final TestGuest guest = new TestGuest();
    final List<String> faults = new ArrayList<>();
    final EventLoop loop = new EventLoop("test", fault -> faults.add("loop: " + fault));
    final EchoDevice device = new EchoDevice();
    final VirtioPci pci = new VirtioPci(
            "echo",
            device,
            loop,
            new VirtioPciHost(
                    guest.memory(),
                    machine.interrupts(),
                    machine.doorbells(),
                    (name, cause) -> faults.add(name + ": " + cause.getMessage())));
    final TestDriver driver;
    final TestQueue queue = new TestQueue(guest, 8);

    VirtioPciBase() {
        machine.bus().plug(pci.function());
        driver = new TestDriver(machine, SLOT);
    }

    @AfterEach
    void close() throws InterruptedException {
        closeFunction();
        loop.close();
        machine.close();
    }

    void closeFunction() throws InterruptedException {
        Thread closing = new Thread(pci::close);
        closing.setDaemon(true);
        closing.start();
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (closing.isAlive()) {
            assertThat(System.nanoTime()).as("the device does not close").isLessThan(deadline);
            turn();
        }
        closing.join();
    }

    /** Everything the loop has to do, on this thread. */
    void turn() {
        loop.wakeUp();
        loop.doWork();
    }

    void resetAndWait() {
        driver.reset();
        turn();
        turn();
        assertThat(driver.status()).isZero();
    }

    String echo(TestQueue through, int index, String text) {
        TestQueue.Chain chain =
                through.chain().readable(text.getBytes(US_ASCII)).writable(text.length());
        chain.publish();
        driver.ring(index);
        turn();
        TestQueue.Used used = through.takeUsed();
        assertThat(used).isNotNull();
        return new String(chain.bytes(1), 0, used.writtenBytes(), US_ASCII);
    }
}
