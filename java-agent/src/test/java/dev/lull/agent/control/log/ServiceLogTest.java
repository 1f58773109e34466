package dev.lull.agent.control.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lull.agent.machine.ConfigException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;

/** An event is a line, with what its reader needs and no more. */
class ServiceLogTest {
    @TempDir
    private Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private String written() {
        String text = out.toString(StandardCharsets.UTF_8);
        out.reset();
        return text;
    }

    @Test
    void aTerminalGetsTheProgramAndTheLevelAndAJournalThePriority() {
        ServiceLoggers terminal = new ServiceLoggers(new ServiceLog(out, false));
        terminal.getLogger("a.b.C").warn("{} and {}", 1, "two");
        assertThat(written()).isEqualTo("lulld: WARN 1 and two\n");
        ServiceLoggers journal = new ServiceLoggers(new ServiceLog(out, true));
        journal.set(LogLevels.parse("trace"));
        Logger logger = journal.getLogger("a.b.C");
        logger.error("1");
        logger.warn("2");
        logger.info("3");
        logger.debug("4");
        logger.trace("5");
        assertThat(written()).isEqualTo("<3>1\n<4>2\n<6>3\n<7>C: 4\n<7>C: 5\n");
    }

    @Test
    void nobodyForgesALine() {
        Logger logger = new ServiceLoggers(new ServiceLog(out, true)).getLogger("a");
        logger.info("{}", "one\n<0>two\r\u0000\u001b[2J\u009b\u2028\u2029\u202e\ud800\t∞");
        assertThat(written()).isEqualTo("<6>one\\n<0>two\\r\\u0000\\u001b[2J\\u009b\\u2028\\u2029\\u202e? ∞\n");
        logger.info("{}", "x".repeat(10_000));
        assertThat(written()).hasSize(3 + 8192 + "… (1808 more)\n".length());
        logger.error("oh", new IllegalStateException("a\nb", new java.io.IOException("c\nd")));
        assertThat(written())
                .startsWith(
                        "<3>oh: java.lang.IllegalStateException: a\\nb at dev.lull.agent.control.log.ServiceLogTest.")
                .contains("; caused by java.io.IOException: c\\nd at dev.lull")
                .hasLineCount(1)
                .endsWith("\n");
        logger.warn("oh", new IllegalStateException("a"));
        assertThat(written()).isEqualTo("<4>oh: java.lang.IllegalStateException: a\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "info | x.Y | INFO",
                "debug | x.Y | DEBUG",
                "debug | io.netty.channel.nio.NioIoHandler | WARN",
                "WARNING,x=trace,x.y=off | x.Y | TRACE",
                "warn,x=trace,x.y=off | x.y.Z | OFF",
                "warn,x=trace | xx.Y | WARN",
                "io.netty=debug | io.netty.Z | DEBUG",
                "io.netty=debug | x | INFO"
            })
    void theLongestNameDecides(String levels, String logger, LogLevel level) {
        assertThat(LogLevels.parse(levels).of(logger)).isEqualTo(level);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"loud | loud", "info,x=loud | loud", "info, | ''", "a=b=info | b=info"})
    void aLevelThatIsNoneIsRefusedInALine(String levels, String wrong) {
        assertThatThrownBy(() -> LogLevels.parse(levels))
                .isInstanceOf(ConfigException.class)
                .hasMessage("log level '" + levels + "': '" + wrong + "' is none; write error, warn, info, debug, trace"
                        + " or off, and for one package: info,io.netty=debug");
    }

    @Test
    void levelsChangeWhileLoggersAreInUse() {
        ServiceLoggers loggers = new ServiceLoggers(new ServiceLog(out, false));
        Logger logger = loggers.getLogger("a.B");
        logger.debug("no");
        loggers.set(LogLevels.parse("debug"));
        logger.debug("yes");
        assertThat(logger.isDebugEnabled()).isTrue();
        assertThat(logger.isTraceEnabled()).isFalse();
        loggers.set(LogLevels.parse("off"));
        logger.error("no");
        assertThat(written()).isEqualTo("lulld: DEBUG B: yes\n");
    }

    /** Standard error is a file that says it is the journal's stream, or is not. */
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void aProcessFindsOutWhetherItsErrorsGoToTheJournal(boolean journal) throws Exception {
        Path err = Files.createFile(directory.resolve("err"));
        Map<String, Object> file = Files.readAttributes(err, "unix:dev,ino");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                LogLines.class.getName(),
                "it",
                "debug"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(err.toFile());
        builder.environment().put("JOURNAL_STREAM", file.get("dev") + ":" + (journal ? file.get("ino") : "1"));
        assertThat(builder.start().waitFor()).isZero();
        List<String> lines = Files.readAllLines(err);
        assertThat(lines.getFirst())
                .startsWith(
                        (journal ? "<3>" : "lulld: ERROR ")
                                + "it is wrong: java.lang.IllegalStateException: bad\\nluck at dev.lull.agent.control.log.LogLines.main(");
        assertThat(lines.subList(1, lines.size()))
                .containsExactly(
                        (journal ? "<4>" : "lulld: WARN ") + "it is odd",
                        (journal ? "<6>" : "lulld: INFO ") + "it is so",
                        (journal ? "<7>" : "lulld: DEBUG ") + "LogLines: it is small");
    }
}
