package dev.lull.agent.control.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.agent.control.dialect.Command;
import dev.lull.agent.control.dialect.Dialect;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine that cannot be started holds no more than before. */
class RefusedStartTest {
    @Test
    void leavesTheConsolesFileClosed(@TempDir Path directory) throws Exception {
        Path kernel = Files.write(directory.resolve("kernel"), new byte[4096]);
        Path console = directory.resolve("console");
        VmSite site =
                new VmSite(value -> {}, null, null, Runnable::run, nanos -> {}, new IdleTime(), new SilentObserver());
        try (MicroVm vm = new MicroVm("refused", UUID.randomUUID(), site)) {
            put(vm, "/boot-source", Map.of("kernel_image_path", kernel));
            put(vm, "/serial", Map.of("serial_out_path", console));
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> vm.execute(new Command.Start()))
                        .isInstanceOf(RefusalException.class)
                        .hasMessageStartingWith("Start microvm error: ");
                assertThat(console).exists();
                assertThat(isOpen(console)).isFalse();
            }
        }
    }

    private static void put(MicroVm vm, String path, Map<String, Path> body) throws InterruptedException {
        vm.execute(Dialect.parse("PUT", path, Json.bytes(body)).command());
    }

    private static boolean isOpen(Path file) throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.anyMatch(descriptor -> isSame(descriptor, file));
        }
    }

    private static boolean isSame(Path descriptor, Path file) {
        try {
            return Files.isSameFile(descriptor, file);
        } catch (IOException e) {
            // It was closed meanwhile.
            return false;
        }
    }
}
