package dev.lull.agent.json;

/** A text is not JSON, or not the JSON that was asked for. The message is for whoever wrote the text. */
public final class JsonFormatException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message what is wrong, and where */
    public JsonFormatException(String message) {
        super(message);
    }
}
