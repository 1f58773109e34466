package dev.lull.perf.counter;

import java.io.IOException;
import java.nio.file.Path;

/** A guest's disk with Lull's own JVM and what reads the counter in it: {@code perf/lab/java-disk} makes it. */
final class JavaDisk {
    /** For a guest's shell. */
    static final String MOUNT = "mkdir /run/java && mount -o ro,noload /dev/vdb /run/java";

    /** For a guest's shell; a number follows. */
    static final String COMMAND = "/run/java/runtime/bin/java -XX:+UseSerialGC -XX:-UsePerfData "
            + "--enable-native-access=ALL-UNNAMED -Dlull.core.library=/run/java/liblullcore.so "
            + "-cp '/run/java/modules/*' dev.lull.perf.counter.DeviceReads";

    private JavaDisk() {}

    /**
     * Makes it.
     *
     * @param root of the project, built
     * @return its image
     * @throws IOException if it cannot be made
     */
    static Path make(Path root) throws IOException, InterruptedException {
        Path image = root.resolve("build/java.img");
        Process make = new ProcessBuilder(root.resolve("perf/lab/java-disk").toString(), image.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (make.waitFor() != 0) {
            throw new IOException("there is no disk with a JVM for the guest");
        }
        return image;
    }
}
