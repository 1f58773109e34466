package dev.lull.agent.control.conformance;

import dev.lull.agent.control.daemon.Workers;
import dev.lull.agent.control.http.HttpLoop;
import dev.lull.agent.machine.Payload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What the machines of a test class share: files to boot and to mount, TAP devices, threads. */
public final class TestBench {
    private static final int IMAGE_BYTES = 1 << 20;
    private static final AtomicInteger TAPS = new AtomicInteger();

    private final Path directory;
    private final HttpLoop loop = new HttpLoop();
    private final ExecutorService workers = Workers.pool("conformance");
    private final Map<String, String> variables = new LinkedHashMap<>();
    private final String tap = addTap();
    private final String otherTap = addTap();
    private int machines;

    /** @param directory for files and sockets, with a short name: a socket's has at most 107 bytes */
    public TestBench(Path directory) throws IOException, InterruptedException {
        this.directory = directory;
        for (String name : new String[] {"root", "data", "other", "third"}) {
            variables.put(
                    "$" + name.toUpperCase(java.util.Locale.ROOT), image(name).toString());
        }
        Files.write(directory.resolve("initrd"), new byte[512]);
        variables.put("$KERNEL", Payload.OBEDIENT.toString());
        variables.put("$INITRD", directory.resolve("initrd").toString());
        variables.put("$DIR", directory.toString());
        variables.put("$TAP2", otherTap);
        variables.put("$TAP", tap);
        variables.put("$DEEP", "[".repeat(200) + "]".repeat(200));
        variables.put("$BIG", "{\"a\": \"" + "x".repeat(51_170) + "\"}");
        variables.put("$HUGE", "{\"a\": \"" + "x".repeat(51_200) + "\"}");
    }

    /** {@code text} with its variables, {@code $KERNEL} and the like, replaced. */
    public String expand(String text) {
        String expanded = text;
        for (Map.Entry<String, String> variable : variables.entrySet()) {
            expanded = expanded.replace(variable.getKey(), variable.getValue());
        }
        return expanded;
    }

    /** A machine in {@code phase}, configured with all a machine can have. */
    TestedVm machine(Phase phase) throws IOException, InterruptedException {
        TestedVm vm = bareMachine();
        try {
            vm.bringTo(phase);
            return vm;
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            vm.close();
            throw e;
        }
    }

    /** A machine of which nothing is configured. */
    TestedVm bareMachine() throws IOException {
        return new TestedVm("vm-" + machines, directory.resolve(machines++ + ".sock"), this);
    }

    /** The thread of their sockets. */
    public HttpLoop loop() {
        return loop;
    }

    /** Threads that may wait. */
    public ExecutorService workers() {
        return workers;
    }

    /** Takes the TAP devices away, and ends the threads. */
    public void close() throws IOException, InterruptedException {
        removeTap(tap);
        removeTap(otherTap);
        loop.close();
        workers.shutdown();
        workers.awaitTermination(10, TimeUnit.SECONDS);
    }

    private Path image(String name) throws IOException {
        Path image = directory.resolve(name + ".img");
        Files.write(image, new byte[IMAGE_BYTES]);
        return image;
    }

    /** With a name that no other test has, in this process or another. */
    private static String addTap() throws IOException, InterruptedException {
        String name = "l" + ProcessHandle.current().pid() + "-" + TAPS.incrementAndGet();
        ip("tuntap", "add", name, "mode", "tap");
        return name;
    }

    private static void removeTap(String name) throws IOException, InterruptedException {
        ip("link", "del", name);
    }

    private static void ip(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = "ip";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
    }
}
