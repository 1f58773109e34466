package dev.lull.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.device.bus.IoBus;
import dev.lull.device.pci.PciHeader;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A driver that knows only the registers finds in them what the specification says. */
class VirtioPciRegistersTest extends VirtioPciBase {
    @Test
    void theIdentityIsThatOfAModernDevice() {
        assertThat(machine.readConfig(SLOT, PciHeader.VENDOR_ID, 4)).isEqualTo(0x1044_1AF4L);
        assertThat(machine.readConfig(SLOT, PciHeader.REVISION_ID, 4)).isEqualTo(0x00FF_0001L);
        assertThat(machine.readConfig(SLOT, PciHeader.SUBSYSTEM_VENDOR_ID, 4)).isEqualTo(0x1044_1AF4L);
        assertThat(machine.readConfig(SLOT, PciHeader.INTERRUPT_PIN, 1)).isEqualTo(1);
    }

    @Test
    void theCapabilitiesAreExact() {
        long[][] expected = {
            // length and type, bar, offset, length
            {0x0110, 0, 0x0000, 56},
            {0x0214, 0, 0x3000, 0x1000},
            {0x0310, 0, 0x1000, 1},
            {0x0410, 0, 0x2000, 0x1000},
            {0x0514, 0, 0, 0}
        };
        for (int i = 0; i < expected.length; i++) {
            int at = driver.capability(i + 1);
            assertThat(machine.readConfig(SLOT, at, 1)).isEqualTo(9);
            assertThat(machine.readConfig(SLOT, at + 2, 2)).isEqualTo(expected[i][0]);
            assertThat(machine.readConfig(SLOT, at + 4, 4)).isEqualTo(expected[i][1]);
            assertThat(machine.readConfig(SLOT, at + 8, 4)).isEqualTo(expected[i][2]);
            assertThat(machine.readConfig(SLOT, at + 12, 4)).isEqualTo(expected[i][3]);
        }
        assertThat(machine.readConfig(SLOT, driver.capability(2) + 16, 4)).isEqualTo(4);
    }

    @Test
    void featuresAreOfferedAndAgreedOn() {
        assertThat(driver.offered()).isEqualTo(ALL);
        driver.setCommon(TestDriver.DEVICE_FEATURE_SELECT, 4, 2);
        assertThat(driver.common(TestDriver.DEVICE_FEATURE, 4)).isZero();
        driver.start(1L << EchoDevice.FEATURE, queue);
        turn();
        assertThat(device.events()).containsExactly("activate 100000020");
        driver.setCommon(TestDriver.DRIVER_FEATURE_SELECT, 4, 0);
        driver.setCommon(TestDriver.DRIVER_FEATURE, 4, 0);
        assertThat(driver.common(TestDriver.DRIVER_FEATURE, 4)).isEqualTo(1 << EchoDevice.FEATURE);
    }

    @Test
    void featuresThatWillNotDoAreRefused() {
        assertThat(driver.negotiate(1L << EchoDevice.FEATURE))
                .as("no VERSION_1")
                .isFalse();
        resetAndWait();
        assertThat(driver.negotiate(TestDriver.VERSION_1 | 1L << 6))
                .as("not offered")
                .isFalse();
        driver.addStatus(TestDriver.DRIVER_OK);
        assertThat(driver.needsReset()).isTrue();
        turn();
        assertThat(device.events()).isEmpty();
        assertThat(faults).containsExactly("echo: DRIVER_OK without FEATURES_OK (virtio 1.2 §3.1.1)");
        resetAndWait();
        driver.start(ALL, queue);
        turn();
        assertThat(device.events()).containsExactly("activate " + Long.toHexString(ALL));
    }

    @Test
    void registersReadAsTheSpecificationSays() {
        assertThat(driver.common(TestDriver.NUM_QUEUES, 2)).isEqualTo(2);
        driver.select(1);
        assertThat(driver.common(TestDriver.QUEUE_SIZE, 2)).isEqualTo(16);
        assertThat(driver.common(TestDriver.QUEUE_NOTIFY_OFF, 2)).isEqualTo(1);
        assertThat(driver.common(TestDriver.QUEUE_MSIX_VECTOR, 2)).isEqualTo(TestDriver.NO_VECTOR);
        assertThat(driver.setQueueVector(1, 2)).isEqualTo(2);
        assertThat(driver.setQueueVector(1, 3)).as("no such vector").isEqualTo(TestDriver.NO_VECTOR);
        assertThat(driver.setConfigVector(3)).isEqualTo(TestDriver.NO_VECTOR);
        driver.setAddress(TestDriver.QUEUE_DRIVER, 0x1234_5678_9ABC_DEF0L);
        assertThat(driver.common(TestDriver.QUEUE_DRIVER, 8)).isEqualTo(0x1234_5678_9ABC_DEF0L);
        assertThat(driver.common(TestDriver.QUEUE_DRIVER + 4, 4)).isEqualTo(0x1234_5678);
        driver.setCommon(TestDriver.QUEUE_DEVICE, 8, 0x42_0000_0001L);
        assertThat(driver.common(TestDriver.QUEUE_DEVICE, 8)).isEqualTo(0x42_0000_0001L);
        driver.select(2);
        assertThat(driver.common(TestDriver.QUEUE_SIZE, 2)).as("no such queue").isZero();
        driver.setCommon(TestDriver.QUEUE_SIZE, 2, 4);
        driver.setCommon(TestDriver.QUEUE_ENABLE, 2, 1);
        assertThat(driver.common(TestDriver.QUEUE_ENABLE, 2)).isZero();
        assertThat(driver.common(TestDriver.DEVICE_STATUS, 4))
                .as("not its width")
                .isZero();
        assertThat(machine.read(driver.commonGpa() + 56, 8))
                .as("behind the structure")
                .isZero();
        resetAndWait();
        driver.select(1);
        assertThat(driver.common(TestDriver.QUEUE_DRIVER, 8)).isZero();
    }

    @Test
    void configurationIsReadAndItsGenerationChanges() {
        driver.start(ALL, queue);
        turn();
        assertThat(driver.config(0, 4)).isEqualTo(0x0403_0201);
        assertThat(driver.config(0, 8)).isEqualTo(0x0807_0605_0403_0201L);
        assertThat(driver.config(6, 2)).isEqualTo(0x0807);
        assertThat(driver.config(0xFFF, 1)).isZero();
        long generation = driver.common(TestDriver.CONFIG_GENERATION, 1);
        device.changeConfig(0, 9);
        assertThat(driver.common(TestDriver.CONFIG_GENERATION, 1)).isNotEqualTo(generation);
        driver.setConfig(4, 2, 0xAABB);
        assertThat(driver.config(4, 4)).isEqualTo(0x0807_AABBL);
    }

    @Test
    void queuesThatCannotBeAreRefusedWhenEnabled() {
        long[][] wrong = {
            {8, 0x1008, 0x2000, 0x3000},
            {8, 0x1000, 0x2001, 0x3000},
            {8, 0x1000, 0x2000, 0x3002},
            {8, TestGuest.LOW_END_GPA, 0x2000, 0x3000},
            {8, 0x1000, TestGuest.LOW_END_GPA - 2, 0x3000},
            {8, 0x1000, 0x2000, -4},
            {8, Long.MIN_VALUE, 0x2000, 0x3000},
            {7, 0x1000, 0x2000, 0x3000},
            {0, 0x1000, 0x2000, 0x3000},
            {16, 0x1000, 0x2000, 0x3000}
        };
        for (long[] registers : wrong) {
            assertThat(driver.negotiate(ALL)).isTrue();
            driver.select(0);
            driver.setCommon(TestDriver.QUEUE_SIZE, 2, registers[0]);
            driver.setAddress(TestDriver.QUEUE_DESC, registers[1]);
            driver.setAddress(TestDriver.QUEUE_DRIVER, registers[2]);
            driver.setAddress(TestDriver.QUEUE_DEVICE, registers[3]);
            driver.setCommon(TestDriver.QUEUE_ENABLE, 2, 1);
            assertThat(driver.common(TestDriver.QUEUE_ENABLE, 2)).isZero();
            assertThat(driver.needsReset()).isTrue();
            driver.addStatus(TestDriver.DRIVER_OK);
            turn();
            resetAndWait();
        }
        assertThat(device.events()).isEmpty();
        assertThat(faults).hasSize(wrong.length).allMatch(fault -> fault.contains("virtio 1.2 §"));
    }

    @Test
    void aQueueIsNotEnabledBeforeFeaturesAreAgreedOn() {
        driver.enable(0, queue);
        assertThat(driver.needsReset()).isTrue();
        assertThat(driver.common(TestDriver.QUEUE_ENABLE, 2)).isZero();
    }

    @Test
    void aQueueInUseDoesNotChange() {
        driver.start(ALL, queue);
        driver.select(0);
        driver.setCommon(TestDriver.QUEUE_SIZE, 2, 2);
        driver.setAddress(TestDriver.QUEUE_DESC, 0);
        driver.setCommon(TestDriver.QUEUE_ENABLE, 2, 0);
        assertThat(driver.common(TestDriver.QUEUE_SIZE, 2)).isEqualTo(8);
        assertThat(driver.common(TestDriver.QUEUE_DESC, 8)).isEqualTo(queue.descriptorArea());
        assertThat(driver.common(TestDriver.QUEUE_ENABLE, 2)).isEqualTo(1);
        TestQueue late = new TestQueue(guest, 16);
        driver.enable(1, late);
        assertThat(driver.common(TestDriver.QUEUE_ENABLE, 2)).isZero();
    }

    @Test
    void structuresAreReachedThroughConfigurationSpace() {
        machine.writeConfig(SLOT, PciHeader.COMMAND, 2, 0);
        int at = driver.accessCapability();
        access(at, 0, TestDriver.NUM_QUEUES, 2);
        assertThat(machine.readConfig(SLOT, at + 16, 2)).isEqualTo(2);
        assertThat(machine.readConfig(SLOT, at + 16, 4)).isEqualTo(2);
        access(at, 0, TestDriver.DEVICE_STATUS, 1);
        machine.writeConfig(SLOT, at + 16, 1, TestDriver.ACKNOWLEDGE);
        assertThat(machine.readConfig(SLOT, at + 16, 1)).isEqualTo(TestDriver.ACKNOWLEDGE);
        access(at, 0, 0x2000, 4);
        assertThat(machine.readConfig(SLOT, at + 16, 4)).isEqualTo(0x0403_0201);
        assertThat(machine.readConfig(SLOT, at + 17, 1)).isEqualTo(2);

        long[][] invalid = {{1, 0, 4}, {0, 1, 2}, {0, 0x8000, 4}, {0, 0xFFFF_FFFCL, 4}, {0, 0, 8}, {0, 0, 0}, {0, 0, 3}
        };
        for (long[] target : invalid) {
            access(at, target[0], target[1], target[2]);
            machine.writeConfig(SLOT, at + 16, 4, -1);
            assertThat(machine.readConfig(SLOT, at + 16, 4)).isZero();
        }
        machine.writeConfig(SLOT, PciHeader.COMMAND, 2, PciHeader.COMMAND_MEMORY);
        assertThat(driver.status()).isEqualTo(TestDriver.ACKNOWLEDGE);
    }

    private void access(int capability, long bar, long offset, long length) {
        machine.writeConfig(SLOT, capability + 4, 1, bar);
        machine.writeConfig(SLOT, capability + 8, 4, offset);
        machine.writeConfig(SLOT, capability + 12, 4, length);
    }

    @Test
    @Tag("allocation")
    void registersAndPlainDoorbellsAllocateNothing() {
        driver.enableMsix();
        driver.start(ALL, queue);
        turn();
        IoBus.View view = machine.memory().view();
        long bar = driver.commonGpa();
        Allocations.assertNone(() -> accessAll(view, bar));
    }

    private static void accessAll(IoBus.View view, long bar) {
        for (int i = 0; i < 20_000; i++) {
            view.write(bar + TestDriver.QUEUE_SELECT, 2, i & 1);
            view.read(bar + (i & 0x3C), 4);
            view.read(bar + 0x1000, 1);
            view.read(bar + 0x2000, 4);
            view.write(bar + 0x3000, 4, 0);
            view.write(bar + 0x4000, 4, 0xFEE0_0000L);
            view.read(bar + 0x4000, 8);
        }
    }
}
