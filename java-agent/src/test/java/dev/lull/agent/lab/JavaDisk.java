package dev.lull.agent.lab;

import dev.lull.agent.devices.DiskConfig;
import dev.lull.agent.devices.RateLimit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** A disk with a program of {@code docs/} on it, and all that it needs: Lull's Java runtime, its own modules, the native core. */
final class JavaDisk implements AutoCloseable {
    private static final Path ROOT = Path.of(System.getProperty("lull.root"));
    private static final Path CORE = Path.of(System.getProperty("lull.core.library"));
    private static final List<String> MODULES = List.of("kvm-bindings", "device-model", "paravirt");

    private final String program;
    private final Path image;

    private JavaDisk(String program, Path image) {
        this.program = program;
        this.image = image;
    }

    /** Compiles {@code docs/PROGRAM.java} and makes the disk. */
    static JavaDisk of(String program) throws IOException, InterruptedException {
        Path tree = Files.createTempDirectory("lull-java");
        Path image = Files.createTempFile("lull-java", ".img");
        try {
            compile(program, tree.resolve("program"));
            for (String module : MODULES) {
                Path classes = ROOT.resolve(module).resolve("target/classes");
                Host.run("cp", "-r", classes.toString(), tree.resolve(module).toString());
            }
            Host.run("cp", "-r", ROOT.resolve("build/runtime").toString(), CORE.toString(), tree.toString());
            Host.run("/sbin/mke2fs", "-q", "-t", "ext4", "-d", tree.toString(), image.toString(), "128m");
            return new JavaDisk(program, image);
        } finally {
            Host.run("rm", "-rf", tree.toString());
        }
    }

    private static void compile(String program, Path classes) throws IOException, InterruptedException {
        Host.run(
                Path.of(System.getProperty("java.home"), "bin", "javac").toString(),
                "-d",
                classes.toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ROOT.resolve("docs").resolve(program + ".java").toString());
    }

    /** As a disk that cannot be written to. */
    DiskConfig config(String id) {
        return new DiskConfig(id, image, id, true, false, 1, RateLimit.NONE);
    }

    /** What runs the program in a guest that has the disk mounted on {@code mount}. */
    String command(String mount, String... arguments) {
        String classPath = MODULES.stream().map(module -> mount + "/" + module).collect(Collectors.joining(":"));
        return String.join(
                " ",
                mount + "/runtime/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx32m",
                "--enable-native-access=ALL-UNNAMED -Dlull.core.library=" + mount + "/" + CORE.getFileName(),
                "-cp " + mount + "/program:" + classPath,
                program,
                Arrays.stream(arguments).collect(Collectors.joining(" ")));
    }

    @Override
    public void close() throws IOException {
        Files.delete(image);
    }
}
