package dev.lull.agent.mmds;

/** How a guest comes by its metadata. */
public enum MmdsVersion {
    /** By asking. */
    V1,

    /** With a token that it asks for first. */
    V2
}
