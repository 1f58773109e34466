package dev.lull.agent.control.vm;

/** Which Lull this is. */
public final class Version {
    /** As people write it. */
    public static final String TEXT = "0.1.0";

    private Version() {}
}
