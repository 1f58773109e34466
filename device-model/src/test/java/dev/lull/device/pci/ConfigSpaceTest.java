package dev.lull.device.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Each bit of configuration space obeys its policy, whatever the width and alignment of the access. */
class ConfigSpaceTest {
    private final ConfigSpace config = new ConfigSpace();

    @Test
    void bitsAreReadOnlyWritableOrCleared() {
        config.set(0x40, 4, 0xF0F0_F0F0L);
        config.allowWrite(0x40, 4, 0x0000_FFFFL);
        config.allowClear(0x40, 4, 0x00FF_0000L);

        config.write(0x40, 4, 0x12FF_3456);
        assertThat(config.read(0x40, 4)).isEqualTo(0xF000_3456L);
        config.write(0x40, 4, 0xFFFF_FFFFL);
        assertThat(config.read(0x40, 4)).isEqualTo(0xF000_FFFFL);
    }

    @Test
    void clearingTouchesOnlyBitsWrittenAsOne() {
        config.set(0x06, 2, 0xF900);
        config.allowClear(0x06, 2, 0xF900);
        config.write(0x06, 2, 0x0100);
        assertThat(config.read(0x06, 2)).isEqualTo(0xF800);
        config.write(0x07, 1, 0x80);
        assertThat(config.read(0x06, 2)).isEqualTo(0x7800);
    }

    @Test
    void everyAccessEqualsItsBytes() {
        byte[] model = new byte[ConfigSpace.SIZE_BYTES];
        byte[] masks = new byte[ConfigSpace.SIZE_BYTES];
        SplittableRandom random = new SplittableRandom(1);
        random.nextBytes(masks);
        for (int i = 0; i < ConfigSpace.SIZE_BYTES; i++) {
            config.allowWrite(i, 1, masks[i]);
        }
        for (int i = 0; i < 100_000; i++) {
            int offset = random.nextInt(ConfigSpace.SIZE_BYTES);
            int size = random.nextInt(1, 9);
            long value = random.nextLong();
            config.write(offset, size, value);
            for (int at = offset; at < Math.min(offset + size, ConfigSpace.SIZE_BYTES); at++) {
                model[at] = (byte) ((model[at] & ~masks[at]) | ((value >>> (8 * (at - offset))) & masks[at]));
            }
            int read = random.nextInt(ConfigSpace.SIZE_BYTES);
            long expected = 0;
            for (int at = read; at < read + size; at++) {
                long octet = at < ConfigSpace.SIZE_BYTES ? model[at] & 0xFF : 0xFF;
                expected |= octet << (8 * (at - read));
            }
            assertThat(config.read(read, size)).as("%x+%d", read, size).isEqualTo(expected);
        }
    }

    @Test
    void registersAnswerForTheirRange() {
        List<String> calls = new ArrayList<>();
        config.answer(0x44, 4, new ConfigRegisters() {
            @Override
            public long read(int offset, int sizeBytes) {
                calls.add("read " + offset + " " + sizeBytes);
                return 0x8877_6655_4433_2211L >>> (8 * offset);
            }

            @Override
            public void write(int offset, int sizeBytes, long value) {
                calls.add("write %d %d %x".formatted(offset, sizeBytes, value));
            }
        });
        config.set(0x43, 1, 0xAA);
        assertThat(config.read(0x44, 4)).isEqualTo(0x4433_2211L);
        assertThat(config.read(0x46, 2)).isEqualTo(0x4433L);
        config.write(0x44, 4, -1);
        config.write(0x45, 1, 0x1234);
        assertThat(calls).containsExactly("read 0 4", "read 2 2", "write 0 4 ffffffff", "write 1 1 34");

        calls.clear();
        assertThat(config.read(0x43, 4)).isEqualTo(0x3322_11AAL);
        config.write(0x43, 2, 0xBBCC);
        assertThat(calls).containsExactly("read 0 1", "read 1 1", "read 2 1", "write 0 1 bb");
    }

    @Test
    void aWatchHearsOnceOfAWriteThatTouchesIt() {
        List<Long> heard = new ArrayList<>();
        config.allowWrite(0x10, 8, -1);
        config.onWrite(0x10, 4, () -> heard.add(config.get(0x10, 4)));
        config.write(0x10, 4, 5);
        config.write(0x12, 4, 0x0007_0006);
        config.write(0x14, 4, 8);
        config.write(0x0E, 2, 9);
        assertThat(heard).containsExactly(5L, 0x0006_0005L);
    }

    @Test
    void noByteIsSpecialTwice() {
        config.onWrite(0x10, 4, () -> {});
        assertThatThrownBy(() -> config.onWrite(0x13, 1, () -> {}))
                .hasMessage("configuration byte 0x13 is special twice");
    }

    @Test
    void capabilitiesAreLinkedInOrder() {
        CapabilityChain chain = new CapabilityChain(config);
        assertThat(config.read(PciHeader.STATUS, 2)).isZero();
        assertThat(chain.add(0x11, 12)).isEqualTo(0x40);
        assertThat(chain.add(0x09, 17)).isEqualTo(0x4C);
        assertThat(chain.add(0x05, 10)).isEqualTo(0x60);
        assertThat(config.read(PciHeader.STATUS, 2)).isEqualTo(PciHeader.STATUS_CAPABILITIES);
        assertThat(config.read(PciHeader.CAPABILITIES_POINTER, 1)).isEqualTo(0x40);
        assertThat(config.read(0x40, 4)).isEqualTo(0x4C11);
        assertThat(config.read(0x4C, 4)).isEqualTo(0x6009);
        assertThat(config.read(0x60, 4)).isEqualTo(0x0005);

        assertThat(chain.addExtended(0x000B, 1, 0x18)).isEqualTo(0x100);
        assertThat(chain.addExtended(0x0003, 2, 12)).isEqualTo(0x118);
        assertThat(config.read(0x100, 4)).isEqualTo(0x1181_000BL);
        assertThat(config.read(0x118, 4)).isEqualTo(0x0002_0003L);
    }

    @Test
    void capabilitiesThatDoNotFitAreRefused() {
        CapabilityChain chain = new CapabilityChain(config);
        chain.add(0x09, 0xC0);
        assertThatThrownBy(() -> chain.add(0x09, 4)).hasMessage("no room for a capability of 4 bytes");
        chain.addExtended(0x0B, 1, 0xF00);
        assertThatThrownBy(() -> chain.addExtended(0x0B, 1, 4)).isInstanceOf(IllegalStateException.class);
    }
}
