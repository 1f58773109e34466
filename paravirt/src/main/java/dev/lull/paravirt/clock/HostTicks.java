package dev.lull.paravirt.clock;

/** The host's counter. */
@FunctionalInterface
public interface HostTicks {
    /**
     * Reads it: after all loads that come before the call, and before all that come after. It never goes back, on one
     * processor or from one to another.
     */
    long now();
}
