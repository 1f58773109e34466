package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;

/** A program that is typed to and reads out what a guest says. Ends with it. */
final class Dialogue implements AutoCloseable {
    private final Process program;
    private final BufferedReader said;
    private final Writer typed;

    /** Starts the program. */
    Dialogue(String... command) throws IOException {
        program = Host.start(command);
        said = program.inputReader();
        typed = program.outputWriter();
    }

    /** Types a line. */
    void type(String line) throws IOException {
        typed.write(line + "\n");
        typed.flush();
    }

    /** Waits for a line that contains {@code expected}. */
    void await(String expected) throws IOException {
        StringBuilder heard = new StringBuilder();
        String line = said.readLine();
        while (line != null && !line.contains(expected)) {
            heard.append(line).append('\n');
            line = said.readLine();
        }
        assertThat(line)
                .as("a line with " + expected + "; there was:\n" + heard)
                .isNotNull();
    }

    @Override
    public void close() {
        program.destroy();
    }
}
