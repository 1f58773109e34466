package dev.lull.agent.control.dialect;

import org.jspecify.annotations.Nullable;

/** What a request asks of a machine. */
public sealed interface Command {
    /** When a command is allowed. */
    enum Phase {
        /** At any time. */
        ANY,
        /** Before the machine was started. */
        BEFORE_START,
        /** From its start to its end. */
        AFTER_START
    }

    /** When it is allowed. */
    default Phase phase() {
        return switch (this) {
            case Describe describe -> describe.subject.phase;
            case PutDrive drive -> Phase.ANY;
            case PutNetworkInterface net -> Phase.ANY;
            case PutMmds mmds -> Phase.ANY;
            case PatchMmds mmds -> Phase.ANY;
            case Unsupported unsupported -> unsupported.phase;
            case SetBootSource set -> Phase.BEFORE_START;
            case SetMachine set -> Phase.BEFORE_START;
            case SetVsock set -> Phase.BEFORE_START;
            case SetBalloon set -> Phase.BEFORE_START;
            case SetEntropy set -> Phase.BEFORE_START;
            case SetSerial set -> Phase.BEFORE_START;
            case SetLogger set -> Phase.BEFORE_START;
            case SetMetrics set -> Phase.BEFORE_START;
            case SetMmdsSettings set -> Phase.BEFORE_START;
            case Start start -> Phase.BEFORE_START;
            default -> Phase.AFTER_START;
        };
    }

    /** Whether it only reads what is at hand, and so waits for nothing, the command before it included. */
    default boolean reads() {
        // A worker in idle time may have to be waited for.
        return this instanceof Describe describe && describe.subject != Subject.IDLE;
    }

    /** What can be read. */
    enum Subject {
        /** Id, state, version. */
        INSTANCE(Phase.ANY),
        /** The version alone. */
        VERSION(Phase.ANY),
        /** All that is configured. */
        CONFIGURATION(Phase.ANY),
        /** Processors and memory. */
        MACHINE(Phase.ANY),
        /** The balloon's configuration. */
        BALLOON(Phase.ANY),
        /** What the guest said of its memory. */
        BALLOON_STATISTICS(Phase.AFTER_START),
        /** How far free page hinting has come. */
        BALLOON_HINTING(Phase.AFTER_START),
        /** The metadata. */
        MMDS(Phase.ANY),
        /** Idle time, Lull's own. */
        IDLE(Phase.AFTER_START),
        /** The guest's counter, Lull's own. */
        COUNTER(Phase.AFTER_START);

        private final Phase phase;

        Subject(Phase phase) {
            this.phase = phase;
        }
    }

    /** Reads something. */
    record Describe(Subject subject) implements Command {}

    /** Sets what is booted. */
    record SetBootSource(BootSource source) implements Command {}

    /** Sets processors and memory. */
    record SetMachine(MachineSettings.Update update) implements Command {}

    /** Adds or replaces a disk; in a running machine, plugs it. */
    record PutDrive(Drive drive) implements Command {}

    /** Changes a disk of a running machine. */
    record UpdateDrive(Drive.Update update) implements Command {}

    /** Takes a disk out of a running machine. */
    record RemoveDrive(String driveId) implements Command {}

    /** Adds or replaces a network device; in a running machine, plugs it. */
    record PutNetworkInterface(NetworkInterface net) implements Command {}

    /** Changes a network device of a running machine. */
    record UpdateNetworkInterface(NetworkInterface.Update update) implements Command {}

    /** Takes a network device out of a running machine. */
    record RemoveNetworkInterface(String ifaceId) implements Command {}

    /** Sets the socket device. */
    record SetVsock(Vsock vsock) implements Command {}

    /** Sets the balloon. */
    record SetBalloon(Balloon balloon) implements Command {}

    /** Asks a running guest for another balloon. */
    record UpdateBalloon(long amountMib) implements Command {}

    /** Asks a running guest for statistics at another interval. */
    record UpdateBalloonStatistics(int intervalSeconds) implements Command {}

    /**
     * Asks a running guest which memory it has free.
     *
     * @param acknowledgeOnStop whether the run ends when the guest is through
     */
    record StartHinting(boolean acknowledgeOnStop) implements Command {}

    /** Ends such a run. */
    record StopHinting() implements Command {}

    /** Sets the device of random numbers. */
    record SetEntropy(Entropy entropy) implements Command {}

    /** Sets the serial console. */
    record SetSerial(Serial serial) implements Command {}

    /** Sets where the log goes. */
    record SetLogger(Logger logger) implements Command {}

    /** Sets where metrics go. */
    record SetMetrics(Metrics metrics) implements Command {}

    /** Sets how the metadata service answers. */
    record SetMmdsSettings(MmdsSettings settings) implements Command {}

    /** Replaces the metadata. */
    record PutMmds(@Nullable Object contents) implements Command {}

    /** Merges into the metadata (RFC 7396). */
    record PatchMmds(@Nullable Object patch) implements Command {}

    /** Starts the machine. */
    record Start() implements Command {}

    /** Stops its processors and devices for a while. */
    record Pause() implements Command {}

    /** Lets them go on. */
    record Resume() implements Command {}

    /** Types Ctrl-Alt-Del. */
    record SendCtrlAltDel() implements Command {}

    /** Writes the metrics now. */
    record FlushMetrics() implements Command {}

    /** Begins work in idle time, Lull's own; its answer tells of the task. */
    record StartIdleTask(IdleTask task) implements Command {}

    /** Ends such work before it is done. */
    record StopIdleTask(int id) implements Command {}

    /**
     * Makes the guest's seconds last longer or shorter, Lull's own.
     *
     * @param dilation how many seconds a second of the guest's lasts
     */
    record Dilate(double dilation) implements Command {}

    /** What the dialect has and Lull has not. */
    record Unsupported(String what, Phase phase) implements Command {}
}
