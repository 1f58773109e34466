package dev.lull.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.bus.IoBus;
import dev.lull.device.loop.EventLoop;
import dev.lull.device.pci.PciHeader;
import dev.lull.device.pci.TestMachine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Devices come and go while vCPUs do all they can to them: nothing is thrown, nothing hangs, nothing is left. */
class VirtioPciStressTest {
    private static final int ROUNDS = 100;
    private static final int VCPUS = 3;
    private static final int[] SIZES = {1, 2, 4, 8};

    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean stop = new AtomicBoolean();
    private final TestMachine machine = new TestMachine();
    private final TestGuest guest = new TestGuest();

    @Test
    void devicesComeAndGoUnderFire() throws Exception {
        EventLoop loop = new EventLoop("test", failures::add);
        Thread loopThread = start(() -> {
            while (!stop.get()) {
                loop.doWork();
            }
        });
        List<Thread> vcpus = new ArrayList<>();
        for (int i = 0; i < VCPUS; i++) {
            int seed = i;
            vcpus.add(start(
                    () -> play(new SplittableRandom(seed), machine.memory().view())));
        }
        long descriptors = openDescriptors();
        int activations = 0;
        for (int round = 0; round < ROUNDS; round++) {
            EchoDevice device = new EchoDevice();
            VirtioPci pci = new VirtioPci(
                    "device " + round,
                    device,
                    loop,
                    new VirtioPciHost(guest.memory(), machine.interrupts(), machine.doorbells(), this::judge));
            int slot = machine.bus().plug(pci.function());
            assertThat(slot).isEqualTo(1);
            Thread.sleep(2);
            machine.bus().unplug(slot);
            pci.close();
            assertThat(machine.doorbellCount()).isZero();
            assertThat(device.events()).endsWith("close");
            activations += device.events().size() > 1 ? 1 : 0;
        }
        assertThat(activations).as("devices that were running").isGreaterThan(ROUNDS / 10);
        assertThat(openDescriptors()).isEqualTo(descriptors);
        stop.set(true);
        loop.wakeUp();
        for (Thread vcpu : vcpus) {
            vcpu.join();
        }
        loopThread.join();
        loop.close();
        assertThat(failures).isEmpty();
    }

    private Thread start(Runnable work) {
        Thread thread = new Thread(work);
        thread.setUncaughtExceptionHandler((dead, failure) -> failures.add(failure));
        thread.start();
        return thread;
    }

    /** One vCPU: configuration, moves, all registers, and now and then the right way to DRIVER_OK. */
    private void play(SplittableRandom random, IoBus.View view) {
        long config = TestMachine.ECAM_GPA + (1 << 15);
        while (!stop.get()) {
            long bar = view.read(config + PciHeader.BARS, 8) & ~0xFL;
            switch (random.nextInt(8)) {
                case 0 -> view.write(config + PciHeader.COMMAND, 2, random.nextInt(8));
                case 1 -> view.write(config + PciHeader.BARS, 8, 0xC000_0000L + 0x4000L * random.nextInt(4));
                case 2 -> view.write(config + random.nextInt(0x100), 4, random.nextLong());
                case 3 -> start(view, bar);
                case 4 -> view.write(bar + 0x3000 + 4L * random.nextInt(2), 4, 0);
                case 5 -> view.write(bar + 0x4000 + 4L * random.nextInt(12), 4, random.nextInt(2));
                case 6 -> view.read(bar + random.nextInt(0x8000), SIZES[random.nextInt(4)]);
                default -> view.write(bar + random.nextInt(0x40), SIZES[random.nextInt(3)], random.nextInt(16));
            }
        }
    }

    private void start(IoBus.View view, long bar) {
        view.write(bar + TestDriver.DRIVER_FEATURE_SELECT, 4, 1);
        view.write(bar + TestDriver.DRIVER_FEATURE, 4, 1);
        view.write(bar + TestDriver.DEVICE_STATUS, 1, TestDriver.FEATURES_OK);
        view.write(bar + TestDriver.QUEUE_DESC, 8, 0x1000);
        view.write(bar + TestDriver.QUEUE_DRIVER, 8, 0x2000);
        view.write(bar + TestDriver.QUEUE_DEVICE, 8, 0x3000);
        view.write(bar + TestDriver.QUEUE_ENABLE, 2, 1);
        view.write(bar + TestDriver.DEVICE_STATUS, 1, TestDriver.DRIVER_OK);
    }

    private void judge(String name, Throwable cause) {
        if (!(cause instanceof VirtioException)) {
            failures.add(cause);
        }
    }

    private static long openDescriptors() throws Exception {
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.count();
        }
    }
}
