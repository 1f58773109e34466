package dev.lull.agent.cli;

import java.util.Locale;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** A manual page in the {@code man} macros of roff (man(7)), from a command's specification. */
final class ManPage {
    private final CommandSpec spec;
    private final UsageMessageSpec usage;
    private final StringBuilder page = new StringBuilder();

    private ManPage(CommandSpec spec) {
        this.spec = spec;
        this.usage = spec.usageMessage();
    }

    /** The page of {@code spec}. */
    static String of(CommandSpec spec) {
        return new ManPage(spec).page();
    }

    private String page() {
        String name = spec.qualifiedName("-");
        String header = String.join(" ", usage.header());
        macro("TH", quoted(name.toUpperCase(Locale.ROOT)), "1", quoted(""), quoted("Lull"), quoted("Lull manual"));
        section("NAME");
        text(name + " - " + (header.endsWith(".") ? header.substring(0, header.length() - 1) : header));
        section("SYNOPSIS");
        text(synopsis());
        if (usage.description().length > 0) {
            section("DESCRIPTION");
            for (String paragraph : usage.description()) {
                macro("PP");
                text(paragraph);
            }
        }
        arguments();
        commands();
        exitStatus();
        if (usage.footer().length > 0) {
            section(title(usage.footerHeading(), "NOTES"));
            macro("nf");
            for (String line : usage.footer()) {
                text(line);
            }
            macro("fi");
        }
        return page.toString().stripTrailing();
    }

    private String synopsis() {
        String synopsis = new Help(spec, Help.defaultColorScheme(Ansi.OFF)).synopsis(0);
        return String.join(" ", synopsis.strip().split("\\s+", -1));
    }

    private void arguments() {
        section("OPTIONS");
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            macro("TP");
            text(parameter.paramLabel());
            description(parameter);
        }
        for (OptionSpec option : spec.options()) {
            macro("TP");
            String label = option.arity().max() > 0 ? "=" + option.paramLabel() : "";
            text(String.join(", ", option.names()) + label);
            description(option);
        }
    }

    private void description(ArgSpec argument) {
        String given = String.join(" ", argument.description());
        String value = argument.defaultValue();
        text(given.replace("${DEFAULT-VALUE}", value == null ? "" : value));
    }

    private void commands() {
        if (spec.subcommands().isEmpty()) {
            return;
        }
        section("COMMANDS");
        spec.subcommands().forEach((name, command) -> {
            UsageMessageSpec words = command.getCommandSpec().usageMessage();
            macro("TP");
            text(name);
            text(String.join(" ", words.header().length > 0 ? words.header() : words.description()));
        });
    }

    private void exitStatus() {
        if (usage.exitCodeList().isEmpty()) {
            return;
        }
        section("EXIT STATUS");
        usage.exitCodeList().forEach((status, meaning) -> {
            macro("TP");
            text(status);
            text(meaning);
        });
    }

    private static String title(String heading, String otherwise) {
        String title = heading.replace("%n", "").strip();
        return title.isEmpty()
                ? otherwise
                : (title.endsWith(":") ? title.substring(0, title.length() - 1) : title).toUpperCase(Locale.ROOT);
    }

    private void section(String title) {
        macro("SH", quoted(title));
    }

    private void macro(String name, String... arguments) {
        page.append('.').append(name);
        for (String argument : arguments) {
            page.append(' ').append(argument);
        }
        page.append('\n');
    }

    /** A line of text, in which nothing is roff's: no escape, no control character at its start, no hyphen but a minus. */
    private void text(String line) {
        String escaped = line.replace("\\", "\\e").replace("-", "\\-").replace("%n", " ");
        page.append(escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" : "")
                .append(escaped)
                .append('\n');
    }

    private static String quoted(String text) {
        return '"' + text.replace("\"", "") + '"';
    }
}
