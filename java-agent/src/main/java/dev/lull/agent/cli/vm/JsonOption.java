package dev.lull.agent.cli.vm;

import dev.lull.agent.cli.Stdio;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Whether a program reads the answer. */
public final class JsonOption {
    @Option(names = "--json", description = "Print lulld's own answer, JSON, one line.")
    private boolean json;

    /** Whether it was given. */
    public boolean isGiven() {
        return json;
    }

    /** Prints {@code answer}, or the words for a person, whichever is wanted. */
    public void print(Stdio stdio, byte[] answer, Supplier<String> words) {
        stdio.print(json ? new String(answer, StandardCharsets.UTF_8).stripTrailing() : words.get());
    }
}
