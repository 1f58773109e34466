package dev.lull.agent.control.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the package says of the configuration, in {@code lulld.conf}, is what holds. */
class PackagedConfigTest {
    private static final Path FILE =
            Path.of(System.getProperty("lull.root"), "java-agent/src/package/tree/etc/lull/lulld.conf");
    private static final Pattern DEFAULT = Pattern.compile("#([a-z-]+ = .+)");

    @Test
    void itChangesNothing() {
        assertThat(LulldConfig.read(FILE, false)).isEqualTo(LulldConfig.read(Path.of("/no/such/file"), true));
    }

    @Test
    void itsCommentsAreTheDefaultsAndAllKeys(@TempDir Path directory) throws Exception {
        String spelled = Files.readAllLines(FILE).stream()
                .filter(DEFAULT.asMatchPredicate())
                .map(line -> line.substring(1))
                .collect(Collectors.joining("\n"));
        assertThat(spelled.lines())
                .containsExactlyElementsOf(LulldConfig.DEFAULTS.lines().toList());
        Path file = Files.writeString(directory.resolve("lulld.conf"), spelled);
        assertThat(LulldConfig.read(file, false)).isEqualTo(LulldConfig.read(FILE, false));
    }
}
