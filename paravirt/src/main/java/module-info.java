import org.jspecify.annotations.NullMarked;

/** What a guest can ask of Lull beyond emulated hardware: capability, clock, failover handshake. */
@NullMarked
module dev.lull.paravirt {
    requires transitive dev.lull.device;
    requires static org.jspecify;

    exports dev.lull.paravirt.clock;
}
