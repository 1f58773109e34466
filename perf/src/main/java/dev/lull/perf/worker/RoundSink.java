package dev.lull.perf.worker;

/** Takes what workers write, and knows which rounds are complete. */
public interface RoundSink {
    /** Takes a line; what is no measurement is none of its business. */
    void accept(String line);

    /** How many rounds are complete, from the first on. */
    int complete();

    /** Forgets a round that was begun: it will be repeated as a whole. */
    void abandonRound();
}
