package dev.lull.agent.control.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.linux.Errno;
import dev.lull.linux.LinuxException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A machine's log and its metrics go where their owner says, whole, and wait for nobody. */
@Timeout(60)
class VmLogTest {
    private static final int PIPE_BYTES = 65_536;

    @TempDir
    private Path directory;

    private Path pipe() throws IOException, InterruptedException {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        return pipe;
    }

    private static VmLog.Format format(boolean level, boolean origin) {
        return new VmLog.Format(LogLevel.INFO, level, origin, null);
    }

    @Test
    void linesAreFirecrackers() throws Exception {
        Path file = directory.resolve("log");
        try (VmLog log = new VmLog("vm1")) {
            log.setPath(file);
            log.log(LogLevel.INFO, "plain");
            log.setFormat(format(true, false));
            log.log(LogLevel.WARN, "level");
            log.setFormat(format(false, true));
            log.log(LogLevel.ERROR, "origin");
            log.setFormat(format(true, true));
            Thread thread = Thread.ofPlatform().name("fc_api").start(() -> log.log(LogLevel.INFO, "all"));
            thread.join();
            log.log(LogLevel.DEBUG, "too little");
        }
        List<String> lines = Files.readAllLines(file);
        String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9} ";
        String thread = Thread.currentThread().getName();
        String place = "dev/lull/agent/control/log/VmLogTest\\.java:\\d+";
        assertThat(lines).hasSize(4);
        assertThat(lines.get(0)).matches(time + "\\[vm1:" + thread + "] plain");
        assertThat(lines.get(1)).matches(time + "\\[vm1:" + thread + ":WARN] level");
        assertThat(lines.get(2)).matches(time + "\\[vm1:" + thread + ":" + place + "] origin");
        assertThat(lines.get(3)).matches(time + "\\[vm1:fc_api:INFO:" + place + "] all");
        assertThat(LocalDateTime.parse(lines.getFirst().substring(0, 29)))
                .isBetween(
                        LocalDateTime.now(ZoneId.systemDefault()).minus(Duration.ofMinutes(5)),
                        LocalDateTime.now(ZoneId.systemDefault()));
    }

    @Test
    void linesOfOneModuleAreThoseOfItsClasses() throws Exception {
        Path file = directory.resolve("log");
        try (VmLog log = new VmLog("vm1")) {
            log.setPath(file);
            log.setFormat(new VmLog.Format(LogLevel.INFO, false, false, "dev.lull.agent.control.log"));
            log.log(LogLevel.INFO, "yes");
            log.setFormat(new VmLog.Format(LogLevel.INFO, false, false, "api_server"));
            log.log(LogLevel.INFO, "no");
        }
        assertThat(Files.readString(file)).endsWith("] yes\n").hasLineCount(1);
    }

    @Test
    void aFileKeepsWhatItHasAndNobodyForgesALine() throws Exception {
        Path file = Files.writeString(directory.resolve("log"), "before\n");
        try (VmLog log = new VmLog("vm1")) {
            log.setPath(file);
            log.log(LogLevel.INFO, "one\n2024-01-01T00:00:00.000000000 [vm2:main] two\u001b[2J");
            log.setPath(directory.resolve("other"));
            log.log(LogLevel.INFO, "elsewhere");
            assertThat(log.lostLines()).isZero();
            assertThatThrownBy(() -> log.setPath(directory))
                    .isInstanceOfSatisfying(
                            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EISDIR));
            assertThatThrownBy(() -> log.setPath(directory.resolve("missing/log")))
                    .hasMessageEndingWith("failed: ENOENT");
            log.log(LogLevel.INFO, "still there");
        }
        assertThat(Files.readAllLines(file)).hasSize(2).first().isEqualTo("before");
        assertThat(Files.readString(file)).endsWith("] one\\n2024-01-01T00:00:00.000000000 [vm2:main] two\\u001b[2J\n");
        assertThat(Files.readAllLines(directory.resolve("other"))).hasSize(2);
    }

    @Test
    void withoutAPathLinesGoToTheServicesLog() {
        try (VmLog log = new VmLog("vm1")) {
            log.log(LogLevel.TRACE, "not at all");
            log.log(LogLevel.INFO, "to the service");
            assertThat(log.isEnabled(LogLevel.INFO)).isTrue();
            assertThat(log.isEnabled(LogLevel.DEBUG)).isFalse();
            assertThat(log.lostLines()).isZero();
        }
    }

    @Test
    void aFullPipeLosesLinesAndWaitsForNobody() throws Exception {
        Path pipe = pipe();
        try (VmLog log = new VmLog("vm1")) {
            // Nobody reads yet.
            log.setPath(pipe);
            for (int i = 0; i < 2000; i++) {
                log.log(LogLevel.INFO, "line " + i + " " + "x".repeat(100));
            }
            long lost = log.lostLines();
            assertThat(lost).isBetween(1000L, 1900L);
            try (InputStream reader = new FileInputStream(pipe.toFile())) {
                List<String> lines = new String(reader.readNBytes(reader.available()), StandardCharsets.UTF_8)
                        .lines()
                        .toList();
                assertThat(lines).hasSize((int) (2000 - lost)).allMatch(line -> line.endsWith("xxx"));
                assertThat(lines.getLast()).contains("] line " + (lines.size() - 1) + " ");
                log.log(LogLevel.INFO, "heard");
                byte[] heard = reader.readNBytes(reader.available());
                assertThat(new String(heard, StandardCharsets.UTF_8)).endsWith("] heard\n");
            }
            log.log(LogLevel.INFO, "the reader may go");
            assertThat(log.lostLines()).isEqualTo(lost);
        }
    }

    @Test
    void metricsAreLinesAndTheLongOnesAreWholeToo() throws Exception {
        Path pipe = pipe();
        String json = "{\"a\":\"" + "x".repeat(20_000) + "\"}";
        try (MetricsFile metrics = new MetricsFile(pipe)) {
            int written = 0;
            while (metrics.write(json)) {
                written++;
            }
            assertThat(metrics.lostLines()).isEqualTo(1);
            // The last one that was taken is longer than the room there was.
            assertThat((written - 1) * json.length()).isLessThan(PIPE_BYTES);
            assertThat(written * json.length()).isGreaterThan(PIPE_BYTES);
            assertThat(metrics.write("{}")).isFalse();
            try (InputStream reader = new FileInputStream(pipe.toFile())) {
                StringBuilder all = new StringBuilder();
                all.append(new String(reader.readNBytes(reader.available()), StandardCharsets.US_ASCII));
                assertThat(metrics.write("{\"last\":1}")).isTrue();
                all.append(new String(reader.readNBytes(reader.available()), StandardCharsets.US_ASCII));
                List<String> lines = all.toString().lines().toList();
                assertThat(lines).hasSize(written + 1);
                assertThat(lines.subList(0, written)).allMatch(json::equals);
                assertThat(lines.getLast()).isEqualTo("{\"last\":1}");
            }
            assertThat(metrics.lostLines()).isEqualTo(2);
            assertThatThrownBy(() -> metrics.write("a\nb")).isInstanceOf(IllegalArgumentException.class);
        }
        Path file = directory.resolve("metrics");
        try (MetricsFile metrics = new MetricsFile(file)) {
            assertThat(metrics.write(json)).isTrue();
            assertThat(metrics.write("{}")).isTrue();
        }
        assertThat(Files.readAllLines(file)).containsExactly(json, "{}");
    }
}
