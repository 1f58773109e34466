package dev.lull.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.bus.IoBus;
import dev.lull.device.pci.PciHeader;
import dev.lull.linux.EventFd;
import dev.lull.linux.LinuxConstants;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A driver that knows only the registers starts a device, works with it, resets it, breaks it and loses it. */
class VirtioPciLifeTest extends VirtioPciBase {
    @Test
    void requestsAreServedByDoorbellsInTheKernelAndPlainOnes() {
        driver.start(ALL, queue);
        turn();
        assertThat(machine.doorbellCount()).isEqualTo(2);
        assertThat(echo(queue, 0, "in the kernel")).isEqualTo("in the kernel");
        TestQueue.Chain chain = queue.chain().readable((byte) 7).writable(1);
        chain.publish();
        machine.write(driver.doorbellGpa(0), 4, 0);
        turn();
        assertThat(queue.takeUsed()).isNotNull();
        machine.write(driver.doorbellGpa(0) + 8, 2, 0);
        assertThat(chain.bytes(1)).containsExactly(7);
    }

    @Test
    void doorbellsFollowTheBaseAddressRegister() {
        driver.start(ALL, queue);
        turn();
        machine.writeConfig(SLOT, PciHeader.COMMAND, 2, 0);
        assertThat(machine.doorbellCount()).isZero();
        machine.writeConfig(SLOT, PciHeader.BARS, 4, 0xC800_0000L);
        machine.writeConfig(SLOT, PciHeader.COMMAND, 2, PciHeader.COMMAND_MEMORY);
        assertThat(machine.doorbellCount()).isEqualTo(2);
        queue.chain().readable((byte) 7).writable(1).publish();
        machine.write(0xC800_3000L, 2, 0);
        turn();
        assertThat(queue.takeUsed()).isNotNull();
        machine.writeConfig(SLOT, PciHeader.BARS, 4, 0xFFFF_FFFFL);
        assertThat(machine.doorbellCount()).isZero();
    }

    @Test
    void aDoorbellRungBeforeTheDeviceIsReadyIsHeard() {
        driver.negotiate(ALL);
        driver.enable(0, queue);
        queue.chain().readable((byte) 7).writable(1).publish();
        driver.ring(0);
        turn();
        assertThat(device.events()).isEmpty();
        driver.addStatus(TestDriver.DRIVER_OK);
        turn();
        turn();
        assertThat(queue.takeUsed()).isNotNull();
    }

    @Test
    void interruptsGoToTheVectorOfTheQueue() {
        driver.enableMsix();
        driver.setQueueVector(0, 2);
        driver.setConfigVector(1);
        driver.start(ALL, queue);
        turn();
        echo(queue, 0, "x");
        assertThat(machine.interrupt("echo vector 2").delivered()).isEqualTo(1);
        assertThat(machine.interrupt("echo vector 2").data()).isEqualTo(3);
        device.changeConfig(3, 99);
        turn();
        assertThat(machine.interrupt("echo vector 1").delivered()).isEqualTo(1);
        assertThat(machine.interrupt("echo vector 0").delivered()).isZero();
        assertThat(machine.isAsserted(SLOT)).isFalse();
        assertThat(driver.isr()).as("not used with MSI-X").isZero();
    }

    @Test
    void withoutMsixThePinIsAssertedUntilTheStatusIsRead() {
        driver.start(ALL, queue);
        turn();
        echo(queue, 0, "x");
        assertThat(machine.isAsserted(SLOT)).isTrue();
        assertThat(driver.isr()).isEqualTo(1);
        assertThat(machine.isAsserted(SLOT)).isFalse();
        assertThat(driver.isr()).isZero();
        device.changeConfig(0, 5);
        turn();
        assertThat(driver.isr()).isEqualTo(2);
        assertThat(machine.isAsserted(SLOT)).isFalse();
    }

    @Test
    void aMistakeInConfigurationBreaksTheDevice() {
        driver.start(ALL, queue);
        turn();
        driver.setConfig(0xF00, 4, 1);
        turn();
        assertThat(driver.needsReset()).isTrue();
        assertThat(faults).containsExactly("echo: a mistake of the device's own");
    }

    @Test
    void aResetEndsWhenTheDeviceIsQuiet() {
        driver.start(ALL, queue);
        turn();
        device.delayReset();
        int status = driver.status();
        driver.reset();
        assertThat(driver.status()).isEqualTo(status);
        turn();
        turn();
        assertThat(driver.status()).as("requests are under way").isEqualTo(status);
        driver.setCommon(TestDriver.DEVICE_STATUS, 1, 1);
        driver.reset();
        driver.ring(0);
        device.endReset();
        assertThat(driver.status()).isEqualTo(status);
        turn();
        assertThat(driver.status()).isZero();
        assertThat(device.events()).containsExactly("activate " + Long.toHexString(ALL), "reset");
        driver.select(0);
        assertThat(driver.common(TestDriver.QUEUE_ENABLE, 2)).isZero();

        TestQueue again = new TestQueue(guest, 4);
        driver.start(0, again);
        turn();
        assertThat(echo(again, 0, "again")).isEqualTo("again");
    }

    @Test
    void anAbuseOfAQueueBreaksTheDeviceUntilItsReset() {
        driver.enableMsix();
        driver.setConfigVector(0);
        driver.start(ALL, queue);
        turn();
        queue.descriptor(0, TestGuest.LOW_END_GPA, 1, 0, 0);
        queue.publish(0);
        driver.ring(0);
        turn();
        assertThat(driver.needsReset()).isTrue();
        assertThat(machine.interrupt("echo vector 0").delivered()).isEqualTo(1);
        assertThat(faults).singleElement().asString().startsWith("echo: a buffer that is not");
        driver.ring(0);
        turn();
        assertThat(device.events()).hasSize(2);

        resetAndWait();
        queue.reset();
        driver.start(ALL, queue);
        turn();
        assertThat(echo(queue, 0, "whole again")).isEqualTo("whole again");
    }

    @Test
    void whateverADeviceThrowsBreaksIt() {
        device.failWith(new IllegalStateException("cannot begin"));
        driver.start(ALL, queue);
        turn();
        assertThat(driver.needsReset()).isTrue();
        assertThat(driver.isr()).isEqualTo(2);
        device.failWith(new IllegalStateException("cannot end"));
        resetAndWait();
        assertThat(faults).containsExactly("echo: cannot begin", "echo: cannot end");
        driver.start(ALL, queue);
        turn();
        device.failWith(new IllegalStateException("cannot serve"));
        driver.ring(0);
        turn();
        assertThat(driver.needsReset()).isTrue();
        assertThat(faults).last().isEqualTo("echo: cannot serve");
    }

    @Test
    void aDeviceHearsItsDescriptorsUntilItBreaksAndDuringItsReset() {
        driver.start(ALL, queue);
        turn();
        List<String> heard = new ArrayList<>();
        try (EventFd event = new EventFd("test")) {
            device.context().watch(event.fd(), LinuxConstants.EPOLLIN, mask -> {
                heard.add("event");
                event.drain();
                if (heard.size() == 2) {
                    throw new VirtioException("enough");
                }
            });
            event.signal();
            turn();
            event.signal();
            turn();
            assertThat(heard).hasSize(2);
            assertThat(driver.needsReset()).isTrue();
            event.signal();
            turn();
            assertThat(heard).hasSize(2);
            device.delayReset();
            driver.reset();
            turn();
            turn();
            assertThat(heard).as("its requests may have to end").hasSize(3);
            device.endReset();
            turn();
            event.signal();
            turn();
            assertThat(heard).hasSize(3);
            assertThat(driver.status()).isZero();
        }
    }

    @Test
    void aDescriptorTheDeviceClosedDoesNotKeepItFromItsReset() {
        driver.start(ALL, queue);
        turn();
        try (EventFd event = new EventFd("test")) {
            device.context().watch(event.fd(), LinuxConstants.EPOLLIN, mask -> {});
        }
        resetAndWait();
        assertThat(faults).isEmpty();
    }

    @Test
    void requestsOfABrokenDeviceEndWhenSomebodyWaitsForThem() {
        driver.start(ALL, queue);
        turn();
        try (EventFd event = new EventFd("test")) {
            device.setRequestsUnderWay(1);
            device.context().watch(event.fd(), LinuxConstants.EPOLLIN, mask -> {
                event.drain();
                device.setRequestsUnderWay(0);
            });
            device.failWith(new VirtioException("enough"));
            driver.ring(0);
            turn();
            assertThat(driver.needsReset()).isTrue();
            event.signal();
            turn();
            assertThat(pci.requestsUnderWay()).isEqualTo(1);
            turn();
            assertThat(pci.requestsUnderWay()).isZero();
            resetAndWait();
        }
    }

    @Test
    void aRingFromElsewhereIsHeardUntilTheDeviceIsGone() throws InterruptedException {
        driver.start(ALL, queue);
        turn();
        VirtioContext context = device.context();
        queue.chain().readable((byte) 7).writable(1).publish();
        context.ring(0);
        turn();
        assertThat(queue.takeUsed()).isNotNull();
        closeFunction();
        context.ring(0);
        assertThat(device.events()).endsWith("close");
    }

    @Test
    void anActiveDeviceIsUnplugged() throws InterruptedException {
        driver.enableMsix();
        driver.start(ALL, queue);
        turn();
        IoBus.View late = machine.memory().view();
        long bar = driver.commonGpa();
        late.read(bar, 4);
        long doorbell = driver.doorbellGpa(0);
        machine.bus().unplug(SLOT);
        closeFunction();
        assertThat(device.events()).containsExactly("activate " + Long.toHexString(ALL), "reset", "close");
        assertThat(machine.doorbellCount()).isZero();
        assertThat(machine.interrupt("echo vector 0").isRouted()).isFalse();
        assertThat(machine.read(bar, 4)).isEqualTo(0xFFFF_FFFFL);

        // A vCPU that was inside an access when the function went.
        pci.function().detach();
        for (long offset = 0; offset < VirtioPciBar.LENGTH_BYTES; offset += 2) {
            late.read(bar + offset, 2);
            late.write(bar + offset, 2, 1);
        }
        machine.write(doorbell, 4, 0);
        assertThat(faults).isEmpty();
    }

    @Test
    void aDeviceIsUnpluggedWhileItsResetIsUnderWay() throws InterruptedException {
        driver.start(ALL, queue);
        turn();
        device.delayReset();
        driver.reset();
        turn();
        Thread closing = new Thread(pci::close);
        closing.start();
        for (int i = 0; i < 20; i++) {
            turn();
        }
        assertThat(closing.isAlive()).isTrue();
        device.endReset();
        while (closing.isAlive()) {
            turn();
        }
        closing.join();
        assertThat(device.events()).containsExactly("activate " + Long.toHexString(ALL), "reset", "close");
    }

    @Test
    void aDeviceThatWasNeverStartedNeedsNoLoopToClose() {
        driver.negotiate(ALL);
        pci.close();
        assertThat(device.events()).containsExactly("close");
    }
}
