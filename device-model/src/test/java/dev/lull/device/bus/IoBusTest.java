package dev.lull.device.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** An access reaches the region that holds its address, whatever was accessed before. */
class IoBusTest {
    private static final class Recorder implements IoRegion {
        private long offset = -1;
        private long value = -1;

        @Override
        public long read(long at, int sizeBytes) {
            return value + at;
        }

        @Override
        public void write(long at, int sizeBytes, long written) {
            offset = at;
            value = written;
        }
    }

    private final IoBus bus = new IoBus("port");
    private final Recorder low = new Recorder();
    private final Recorder high = new Recorder();
    private final IoBus.View view;

    IoBusTest() {
        bus.add(0x3F8, 8, high);
        bus.add(0x60, 5, low);
        view = bus.view();
    }

    @Test
    void accessesFindTheirRegionInAnyOrder() {
        for (int round = 0; round < 2; round++) {
            view.write(0x64, 1, 10);
            view.write(0x3F8, 1, 20);
            view.write(0x3FF, 1, 30);
            assertThat(low.offset).isEqualTo(4);
            assertThat(low.value).isEqualTo(10);
            assertThat(high.offset).isEqualTo(7);
            assertThat(view.read(0x60, 1)).isEqualTo(10);
            assertThat(view.read(0x3F9, 1)).isEqualTo(31);
        }
    }

    @Test
    void nothingAnswersOutside() {
        assertThat(bus.view().read(0, 1)).isEqualTo(IoBus.FLOATING);
        view.write(0x60, 1, 1);
        for (long address : new long[] {0, 0x5F, 0x65, 0x3F7, 0x400, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertThat(view.read(address, 1)).as("%x", address).isEqualTo(IoBus.FLOATING);
            view.write(address, 1, 2);
        }
        assertThat(low.value).isEqualTo(1);
    }

    @Test
    void aViewSeesWhatIsAddedAndRemoved() {
        view.write(0x60, 1, 1);
        bus.remove(low);
        view.write(0x60, 1, 2);
        assertThat(low.value).isEqualTo(1);
        assertThat(view.read(0x60, 1)).isEqualTo(IoBus.FLOATING);
        bus.add(0x60, 1, high);
        view.write(0x60, 1, 3);
        assertThat(high.value).isEqualTo(3);
        assertThat(high.offset).isZero();
    }

    @Test
    void takenAddressesAreRefused() {
        assertThatThrownBy(() -> bus.add(0x64, 1, high)).hasMessage("port 0x64+0x1 is taken or empty");
        assertThatThrownBy(() -> bus.add(0x5F, 2, high)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> bus.add(0x70, 0, high)).isInstanceOf(IllegalArgumentException.class);
    }
}
