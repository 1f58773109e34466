package dev.lull.agent.mmds.net;

/** Answers requests that come as bytes, one after another. */
public interface RequestServer {
    /** What a request is answered with. */
    final class Answer {
        private final byte[] bytes;
        private final boolean keepsConnection;

        /**
         * An answer.
         *
         * @param bytes nobody changes them any more
         * @param keepsConnection whether another request may follow
         */
        public Answer(byte[] bytes, boolean keepsConnection) {
            this.bytes = bytes;
            this.keepsConnection = keepsConnection;
        }

        /** What is sent. */
        public byte[] bytes() {
            return bytes;
        }

        /** Whether another request may follow. */
        public boolean keepsConnection() {
            return keepsConnection;
        }
    }

    /** The length of the first request in the first {@code count} bytes of {@code buffer}; 0 if it is not whole yet. */
    int requestBytes(byte[] buffer, int count);

    /** Answers the request in the first {@code lengthBytes} bytes of {@code buffer}. */
    Answer answer(byte[] buffer, int lengthBytes);
}
