package dev.lull.device.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The UART as a driver sees it; register names and bits are those of the PC16550D data sheet. */
class SerialPortTest {
    private static final int RBR_THR = 0;
    private static final int IER = 1;
    private static final int IIR_FCR = 2;
    private static final int LCR = 3;
    private static final int MCR = 4;
    private static final int LSR = 5;
    private static final int MSR = 6;
    private static final int SCR = 7;

    private static final int MCR_OUT2 = 8;
    private static final int MCR_LOOP = 0x10;
    private static final int LSR_DATA_READY = 1;
    private static final int LSR_OVERRUN = 2;
    private static final int LSR_TRANSMITTER_EMPTY = 0x60;
    private static final int BUFFER_BYTES = 4096;

    private final StringBuilder sent = new StringBuilder();
    private final AtomicInteger pulses = new AtomicInteger();
    private final SerialPort port = new SerialPort(octet -> sent.append((char) octet), pulses::incrementAndGet);

    @Test
    void transmitsAtOnce() {
        write(RBR_THR, 'h');
        write(RBR_THR, 'i');
        assertThat(sent.toString()).isEqualTo("hi");
        assertThat(read(LSR) & LSR_TRANSMITTER_EMPTY).isEqualTo(LSR_TRANSMITTER_EMPTY);
        assertThat(pulses).hasValue(0);
    }

    @Test
    void transmitterInterruptsAfterEachByteUntilAcknowledged() {
        write(MCR, MCR_OUT2);
        write(IER, 2);
        assertThat(pulses).hasValue(1);
        assertThat(read(IIR_FCR) & 0xF).isEqualTo(2);
        assertThat(read(IIR_FCR) & 0xF).as("reading acknowledges").isEqualTo(1);
        write(RBR_THR, 'x');
        assertThat(pulses).hasValue(2);
    }

    @Test
    void interruptsNeedOut2() throws InterruptedException {
        write(IER, 1);
        receive("a");
        assertThat(pulses).hasValue(0);
        write(MCR, MCR_OUT2);
        assertThat(pulses).hasValue(1);
    }

    @Test
    void receivedBytesInterruptAndAreReadInOrder() throws InterruptedException {
        write(MCR, MCR_OUT2);
        write(IER, 1);
        receive("ab");
        assertThat(pulses.get()).isPositive();
        assertThat(read(IIR_FCR) & 0xF).isEqualTo(4);
        assertThat(read(LSR) & LSR_DATA_READY).isOne();
        int before = pulses.get();
        assertThat(read(RBR_THR)).isEqualTo('a');
        assertThat(pulses.get()).as("there is more: another edge").isGreaterThan(before);
        assertThat(read(RBR_THR)).isEqualTo('b');
        assertThat(read(LSR) & LSR_DATA_READY).isZero();
        assertThat(read(IIR_FCR) & 0xF).isEqualTo(1);
        assertThat(read(RBR_THR)).as("nothing left").isZero();
    }

    @Test
    @Timeout(10)
    void aFullBufferMakesTheSenderWait() throws InterruptedException {
        Thread sender = Thread.ofPlatform().start(() -> {
            byte[] bytes = new byte[BUFFER_BYTES + 100];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) i;
            }
            try {
                port.receive(bytes, 0, bytes.length);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        while (sender.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        for (int i = 0; i < BUFFER_BYTES + 100; i++) {
            while ((read(LSR) & LSR_DATA_READY) == 0) {
                Thread.onSpinWait();
            }
            assertThat(read(RBR_THR)).isEqualTo(i & 0xFF);
        }
        sender.join();
    }

    @Test
    void loopBackReturnsBytesAndModemLines() {
        write(MCR, MCR_LOOP | 0xF);
        assertThat(read(MSR)).isEqualTo(0xF0);
        write(MCR, MCR_LOOP | 2);
        assertThat(read(MSR)).as("RTS is CTS").isEqualTo(0x10);
        write(RBR_THR, 'z');
        assertThat(sent.toString()).isEmpty();
        assertThat(read(RBR_THR)).isEqualTo('z');
        for (int i = 0; i < 17; i++) {
            write(RBR_THR, i);
        }
        assertThat(read(LSR) & LSR_OVERRUN).isEqualTo(LSR_OVERRUN);
        assertThat(read(LSR) & LSR_OVERRUN).as("reading clears it").isZero();
    }

    @Test
    void divisorLatchHidesDataAndInterruptEnable() {
        write(IER, 5);
        write(LCR, 0x83);
        write(RBR_THR, 1);
        write(IER, 2);
        assertThat(read(RBR_THR)).isEqualTo(1);
        assertThat(read(IER)).isEqualTo(2);
        write(LCR, 3);
        assertThat(sent.toString()).isEmpty();
        assertThat(read(IER)).isEqualTo(5);
    }

    @Test
    void isA16550AWithAScratchRegister() throws InterruptedException {
        write(SCR, 0xA5);
        assertThat(read(SCR)).isEqualTo(0xA5);
        assertThat(read(IIR_FCR) & 0xC0).isZero();
        write(IIR_FCR, 1);
        assertThat(read(IIR_FCR) & 0xC0).isEqualTo(0xC0);
        receive("gone");
        write(IIR_FCR, 3);
        assertThat(read(LSR) & LSR_DATA_READY).as("the FIFO was cleared").isZero();
    }

    private void receive(String text) throws InterruptedException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        port.receive(bytes, 0, bytes.length);
    }

    private void write(int register, int value) {
        port.write(register, 1, value);
    }

    private int read(int register) {
        return (int) port.read(register, 1);
    }
}
