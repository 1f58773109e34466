package dev.lull.agent.machine;

import dev.lull.device.legacy.SerialPort;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A guest's console as a test reads and types on it. */
public final class GuestConsole implements SerialPort.Output {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private @Nullable MachineEnd machineEnd;

    /** From now on whoever waits for a line hears of the end of {@code machine}, which was started. */
    public void follow(Machine machine) {
        Thread.ofPlatform().daemon().name("console-watch").start(() -> {
            try {
                ended(machine.awaitEnd());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private synchronized void ended(MachineEnd how) {
        machineEnd = how;
        notifyAll();
    }

    @Override
    public synchronized void accept(int value) {
        bytes.write(value);
        if (value == '\n') {
            notifyAll();
        }
    }

    /** All the guest has said. */
    public synchronized String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** Waits for a whole line that contains {@code part}; returns what follows {@code part} on it. */
    public synchronized String await(String part, Duration limit) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        while (true) {
            String said = text();
            int at = said.indexOf(part);
            int end = at < 0 ? -1 : said.indexOf('\n', at);
            if (end >= 0) {
                return said.substring(at + part.length(), end).strip();
            }
            if (machineEnd != null) {
                throw new AssertionError(
                        "no \"" + part + "\" on the console before the guest's end: " + machineEnd + "\n" + said);
            }
            long leftMillis = (deadlineNanos - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                throw new AssertionError("no \"" + part + "\" on the console within " + limit + ":\n" + said);
            }
            wait(leftMillis);
        }
    }

    /** Types a line. */
    public static void type(Machine machine, String line) throws InterruptedException {
        byte[] keys = (line + "\n").getBytes(StandardCharsets.UTF_8);
        machine.console().receive(keys, 0, keys.length);
    }
}
