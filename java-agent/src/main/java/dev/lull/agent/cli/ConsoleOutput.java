package dev.lull.agent.cli;

import dev.lull.device.legacy.SerialPort;
import dev.lull.device.loop.Uninterrupted;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes a guest's console to a stream, a burst at a time: the vCPU only stores the byte, a thread of this object's writes
 * what has gathered. A full buffer makes the guest wait, as a slow terminal would.
 */
final class ConsoleOutput implements SerialPort.Output, AutoCloseable {
    private static final int BUFFER_BYTES = 16 << 10;
    private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final OutputStream stream;
    private final Thread writer;
    private byte[] gathered = new byte[BUFFER_BYTES];
    private byte[] writing = new byte[BUFFER_BYTES];
    private int gatheredBytes;
    private boolean busy;
    private boolean closed;
    private boolean broken;

    ConsoleOutput(OutputStream stream) {
        this.stream = stream;
        this.writer = new Thread(this::write, "lull-console");
        this.writer.setDaemon(true);
        this.writer.start();
    }

    @Override
    public synchronized void accept(int value) {
        while (gatheredBytes == BUFFER_BYTES && !broken && !closed) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        if (broken || closed) {
            return; // Nobody reads any more; the guest goes on.
        }
        gathered[gatheredBytes++] = (byte) value;
        if (gatheredBytes == 1 && !busy) {
            notifyAll();
        }
    }

    @Override
    public void close() {
        drain();
    }

    /** Waits until all is written; what comes later is dropped. */
    void drain() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        LockSupport.unpark(writer);
        Uninterrupted.await(writer::join);
    }

    private void write() {
        try {
            while (true) {
                int length = take();
                if (length < 0) {
                    return;
                }
                stream.write(writing, 0, length);
                stream.flush();
            }
        } catch (IOException e) {
            synchronized (this) {
                broken = true;
                notifyAll();
            }
        }
    }

    /** The number of bytes to write, −1 at the end. */
    private int take() {
        synchronized (this) {
            busy = false;
            while (gatheredBytes == 0) {
                if (closed) {
                    return -1;
                }
                try {
                    wait();
                } catch (InterruptedException e) {
                    return -1;
                }
            }
            busy = true;
        }
        LockSupport.parkNanos(GATHER_NANOS);
        synchronized (this) {
            byte[] full = gathered;
            gathered = writing;
            writing = full;
            int length = gatheredBytes;
            gatheredBytes = 0;
            notifyAll();
            return length;
        }
    }
}
