package dev.lull.agent.control.vm;

/** What a virtual machine is doing, in the dialect's words. */
public enum VmState {
    /** It is configured, or was ended. */
    NOT_STARTED("Not started"),
    /** It runs. */
    RUNNING("Running"),
    /** It is held between two instructions. */
    PAUSED("Paused");

    private final String text;

    VmState(String text) {
        this.text = text;
    }

    /** The dialect's word. */
    public String text() {
        return text;
    }
}
