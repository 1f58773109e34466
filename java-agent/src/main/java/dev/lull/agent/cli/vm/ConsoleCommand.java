package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.CommandException;
import dev.lull.agent.cli.ConsoleInput;
import dev.lull.agent.cli.RawTerminal;
import dev.lull.agent.cli.Stdio;
import dev.lull.agent.client.HostClient;
import dev.lull.agent.client.HostEvent;
import dev.lull.agent.client.HostEvents;
import dev.lull.agent.client.HostException;
import dev.lull.agent.client.VmInfo;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;

/** {@code lull vm console}. */
@Command(
        name = "console",
        header = "Use a machine's first serial port, from the last it wrote on.",
        description =
                "What you type goes to the guest, Ctrl-C included. Ctrl-a x leaves, and the machine goes on; Ctrl-a a "
                        + "types Ctrl-a. When the machine ends, so does this; of one that does not run it shows the last words.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  lull vm console web1",
            "      Log in on it.",
            "  lull vm console web1 </dev/null | tee web1.log",
            "      No terminal needed: what it writes until it ends."
        })
final class ConsoleCommand extends OnMachine {
    private static final int BUFFER_BYTES = 16 << 10;
    private static final Set<String> ENDS = Set.of("ended", "removed");
    private static final long LAST_WORDS_MILLIS = 300;

    ConsoleCommand(Stdio stdio) {
        super(stdio);
    }

    @Override
    void act(HostClient client, String id) {
        AtomicBoolean ended = new AtomicBoolean();
        try (HostEvents events = client.events()) {
            VmInfo vm = client.vm(id);
            try (SocketChannel console = connect(vm)) {
                Thread.ofPlatform().name("lull-watch").daemon().start(() -> {
                    ended.set(sawEnd(vm, events));
                    close(console);
                });
                attend(console);
            }
        } catch (IOException e) {
            throw new CommandException("the console of " + id + " is gone: " + e.getMessage());
        }
        if (ended.get()) {
            stdio().err().println(VmText.line(client.vm(id)));
        }
    }

    private static SocketChannel connect(VmInfo vm) {
        try {
            return SocketChannel.open(UnixDomainSocketAddress.of(vm.consoleSocket()));
        } catch (IOException e) {
            throw new CommandException(vm.consoleSocket() + " cannot be used: " + e.getMessage());
        }
    }

    /** Waits until the machine has ended, if it runs, and its last words are likely to be here; false if lulld has ended. */
    private static boolean sawEnd(VmInfo vm, HostEvents events) {
        try {
            boolean runs = vm.isAlive();
            while (runs) {
                HostEvent event = events.next();
                if (event == null) {
                    return false;
                }
                runs = !event.vm().equals(vm.id()) || !ENDS.contains(event.type());
            }
            Thread.sleep(LAST_WORDS_MILLIS);
            return true;
        } catch (HostException | InterruptedException e) {
            // Or the user has left.
            return false;
        }
    }

    /** Shows what comes until the console is closed: by lulld, by the user who leaves, or because the machine has ended. */
    private void attend(SocketChannel console) throws IOException {
        try (RawTerminal terminal = RawTerminal.of(stdio())) {
            new ConsoleInput(
                            stdio().in(),
                            (bytes, offset, lengthBytes) -> write(console, ByteBuffer.wrap(bytes, offset, lengthBytes)),
                            terminal.isTerminal(),
                            () -> close(console))
                    .start();
            ByteBuffer received = ByteBuffer.allocate(BUFFER_BYTES);
            while (console.read(received) >= 0 && show(received.array(), received.position())) {
                received.clear();
            }
        } catch (ClosedChannelException e) {
            // By one of the two threads beside this one.
        }
    }

    /** False if nobody reads any more. */
    private boolean show(byte[] bytes, int count) {
        try {
            stdio().out().write(bytes, 0, count);
            stdio().out().flush();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void write(SocketChannel console, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            console.write(bytes);
        }
    }

    private static void close(SocketChannel console) {
        try {
            console.close();
        } catch (IOException e) {
            // Closed is closed.
        }
    }
}
