package dev.lull.device.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.linux.Fd;
import dev.lull.linux.FileIo;
import dev.lull.linux.LinuxConstants;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be a disk is refused in one line that says what would help; what can is locked. */
class DiskImageTest {
    @TempDir
    Path directory;

    private Path image(long sizeBytes) throws IOException {
        Path path = directory.resolve("disk");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(sizeBytes);
        }
        return path;
    }

    private static void assertRefused(Path path, boolean readOnly, String problem) {
        assertThatThrownBy(() -> DiskImage.open(path, readOnly, false))
                .isInstanceOf(DiskException.class)
                .hasMessage("disk " + path + ": " + problem);
    }

    @Test
    void anImageHasASize() throws Exception {
        try (DiskImage image = DiskImage.open(image(1536), false, false)) {
            assertThat(image.sizeBytes()).isEqualTo(1536);
            assertThat(image.blockBytes()).isEqualTo(512);
            image(4096);
            assertThat(image.sizeBytes()).isEqualTo(1536);
            assertThat(image.currentSizeBytes()).isEqualTo(4096);
            image(1000);
            assertThatThrownBy(image::currentSizeBytes).hasMessageContaining("1000 bytes is not a multiple of 512");
        }
    }

    @Test
    void whatIsNoImageIsRefused() throws Exception {
        assertRefused(directory.resolve("none"), false, "there is no such file");
        assertRefused(directory, true, "this is a directory, not a disk image");
        assertRefused(directory, false, "this is a directory, not a disk image");
        assertRefused(Path.of("/dev/null"), false, "this is neither a file nor a block device");
        Path path = image(0);
        assertRefused(path, false, "it is empty; truncate -s 1G " + path + " gives it a size");
        image(700);
        assertRefused(
                path,
                false,
                "its size of 700 bytes is not a multiple of 512; truncate -s 1024 " + path + " extends it");
    }

    @Test
    void aNamedPipeIsRefusedAtOnce() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertRefused(pipe, true, "this is neither a file nor a block device");
    }

    @Test
    void writersExcludeAllOthersAndReadersWriters() throws Exception {
        Path path = image(512);
        DiskImage writer = DiskImage.open(path, false, false);
        assertRefused(path, false, "another virtual machine has it open; stop that one first, or add readonly to both");
        assertRefused(path, true, "another virtual machine has it open for writing; stop that one first");
        writer.close();
        try (DiskImage one = DiskImage.open(path, true, false);
                DiskImage two = DiskImage.open(path, true, false)) {
            assertThat(one.readOnly() && two.readOnly()).isTrue();
            assertRefused(
                    path, false, "another virtual machine has it open; stop that one first, or add readonly to both");
        }
        DiskImage.open(path, false, false).close();
    }

    /** How QEMU 7.2 locks a disk it reads, and one it writes. */
    @Test
    void readersShareWithQemusReadersAndNotWithItsWriters() throws Exception {
        Path path = image(512);
        try (Fd qemu = Fd.open(path.toString(), LinuxConstants.O_RDWR)) {
            for (int held : new int[] {100, 201, 203}) {
                assertThat(FileIo.tryLock(qemu, false, held, 1)).isTrue();
            }
            try (DiskImage reader = DiskImage.open(path, true, false)) {
                assertThat(reader.readOnly()).isTrue();
                for (int checked : new int[] {200, 101, 103}) {
                    assertThat(FileIo.isLocked(qemu, checked))
                            .as("QEMU's check of byte %d", checked)
                            .isFalse();
                }
            }
            assertRefused(
                    path, false, "another virtual machine has it open; stop that one first, or add readonly to both");
            assertThat(FileIo.tryLock(qemu, false, 101, 1)).isTrue();
            assertRefused(path, true, "another virtual machine has it open for writing; stop that one first");
        }
    }

    @Test
    void anotherProcessIsExcludedUntilThisOneIsKilled() throws Exception {
        Path path = image(512);
        Process holder = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LockHolder.class.getName(),
                        path.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertThat(holder.getInputStream().read())
                    .as("the other process has it")
                    .isEqualTo('y');
            assertRefused(
                    path, false, "another virtual machine has it open; stop that one first, or add readonly to both");
        } finally {
            holder.destroyForcibly().waitFor();
        }
        DiskImage.open(path, false, false).close();
    }

    /** Another process that has a disk open until it is killed. */
    static final class LockHolder {
        private LockHolder() {}

        public static void main(String[] arguments) throws Exception {
            try (DiskImage image = DiskImage.open(Path.of(arguments[0]), false, false)) {
                System.out.write(image.readOnly() ? 'n' : 'y');
                System.out.flush();
                Thread.sleep(60_000);
            }
        }
    }

    @Test
    @Requires(Facility.ROOT)
    void aReadOnlyMediumSaysSo() throws Exception {
        Path mount = Files.createDirectory(directory.resolve("mount"));
        run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount.toString());
        try {
            Path path = mount.resolve("disk");
            Files.write(path, new byte[512]);
            run("mount", "-o", "remount,ro", mount.toString());
            assertRefused(path, false, "it is on a read-only medium; add readonly");
            DiskImage.open(path, true, false).close();
        } finally {
            run("umount", mount.toString());
        }
    }

    @Test
    @Requires(Facility.ROOT)
    void aBlockDeviceIsADiskOfItsSize() throws Exception {
        Path path = image(1 << 20);
        Process losetup = new ProcessBuilder("losetup", "--find", "--show", path.toString()).start();
        String device =
                new String(losetup.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).strip();
        assertThat(losetup.waitFor()).isZero();
        try (DiskImage image = DiskImage.open(Path.of(device), false, true)) {
            assertThat(image.sizeBytes()).isEqualTo(1 << 20);
            assertThat(image.memoryAlignment()).isEqualTo(512);
        } finally {
            run("losetup", "-d", device);
        }
    }

    @Test
    void whoMayNotWriteIsTold() throws Exception {
        Path path = image(512);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r--r--r--"));
        if (Facility.ROOT.missing().isEmpty()) {
            DiskImage.open(path, false, false).close();
        } else {
            assertRefused(path, false, "this user may not write it; make it writable, or add readonly");
        }
    }

    private static void run(String... command) throws Exception {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
                .as(String.join(" ", command))
                .isZero();
    }
}
