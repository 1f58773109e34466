package dev.lull.agent.lab;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The guest's initrd with drivers of one kernel behind it, in {@code /modules}, to be inserted in the order of their names.
 * Linux unpacks archives that follow one another (Documentation/driver-api/early-userspace/buffer-format.rst).
 */
final class DriversInitrd {
    private static final int ALIGNMENT = 4;
    private static final int DIRECTORY_MODE = 0040755;
    private static final int FILE_MODE = 0100644;

    private final ByteArrayOutputStream archive = new ByteArrayOutputStream();
    private int inode;

    private DriversInitrd() {}

    /** Writes to {@code target} the initrd {@code base} and, of the modules tree {@code release}, {@code drivers} and all they need. */
    static Path write(Path target, Path base, Path release, String... drivers) throws IOException {
        DriversInitrd initrd = new DriversInitrd();
        initrd.archive.write(Files.readAllBytes(base));
        initrd.entry("modules", DIRECTORY_MODE, new byte[0]);
        int order = 0;
        for (Path module : inOrder(release, drivers)) {
            String name = "modules/%02d-%s".formatted(order++, module.getFileName());
            initrd.entry(name, FILE_MODE, Files.readAllBytes(module));
        }
        initrd.entry("TRAILER!!!", 0, new byte[0]);
        return Files.write(target, initrd.archive.toByteArray());
    }

    /** What {@code modules.dep} says, each module behind those it needs. */
    private static Set<Path> inOrder(Path release, String... drivers) throws IOException {
        List<String> dependencies = Files.readAllLines(release.resolve("modules.dep"));
        Set<Path> modules = new LinkedHashSet<>();
        // virtio uses virtio_ring, of which modules.dep does not know.
        for (String driver :
                Stream.concat(Stream.of("virtio_ring"), Stream.of(drivers)).toList()) {
            String line = dependencies.stream()
                    .filter(text -> text.contains("/" + driver + ".ko:"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no module " + driver + " in " + release));
            List<String> files = new ArrayList<>(List.of(line.replace(":", "").split(" ")));
            for (String file : files.reversed()) {
                modules.add(release.resolve(file));
            }
        }
        return modules;
    }

    /** A file in "newc" format. */
    private void entry(String name, int mode, byte[] content) throws IOException {
        byte[] path = (name + "\0").getBytes(StandardCharsets.US_ASCII);
        int[] fields = {++inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, path.length, 0};
        StringBuilder header = new StringBuilder("070701");
        for (int field : fields) {
            header.append("%08X".formatted(field));
        }
        archive.write(header.toString().getBytes(StandardCharsets.US_ASCII));
        archive.write(path);
        align();
        archive.write(content);
        align();
    }

    private void align() {
        while (archive.size() % ALIGNMENT != 0) {
            archive.write(0);
        }
    }
}
