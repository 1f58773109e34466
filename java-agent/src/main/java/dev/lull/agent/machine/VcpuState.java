package dev.lull.agent.machine;

/** What a vCPU does. */
public enum VcpuState {
    /** Its machine was not started. */
    NEW(0),
    /** It may be in the guest, working or halted. */
    RUNNING(1),
    /** It waits outside the guest until its machine is resumed. */
    PAUSED(2),
    /** It will not enter the guest again. */
    ENDED(3);

    private final long code;

    VcpuState(long code) {
        this.code = code;
    }

    /** What stands for it in a counter. */
    long code() {
        return code;
    }

    /** What {@code code} stands for; an unknown one for a vCPU that runs. */
    static VcpuState of(long code) {
        for (VcpuState state : values()) {
            if (state.code == code) {
                return state;
            }
        }
        return RUNNING;
    }
}
