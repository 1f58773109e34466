package dev.lull.agent.mmds.net;

/** Hears what happens at a station. */
public interface StationEvents {
    /** What a frame from the guest was. */
    enum Received {
        /** A TCP segment. */
        SEGMENT,

        /** A question for the station's address. */
        ARP_REQUEST,

        /** Nothing a station could use: another protocol, or an answer nobody asked for. */
        UNUSUAL,

        /** Damaged, cut off or a fragment. */
        MALFORMED
    }

    /** A frame came. */
    void received(Received what);

    /** A frame goes to the guest. */
    void sent(int lengthBytes);

    /** A connection has begun. */
    void connectionCreated();

    /** A connection has ended. */
    void connectionDestroyed();

    /** A connection is given up, as the guest does not acknowledge what was sent again and again. */
    void gaveUp();
}
