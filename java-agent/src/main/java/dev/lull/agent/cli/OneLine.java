package dev.lull.agent.cli;

/** Text that stays on one line, whatever a file's name or another program's message holds. */
public final class OneLine {
    private OneLine() {}

    /** {@code text} with every control character, line ends among them, as a space. */
    public static String of(String text) {
        StringBuilder line = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            line.append(Character.isISOControl(c) ? ' ' : c);
        }
        return line.toString().strip();
    }
}
