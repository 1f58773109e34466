package dev.lull.device.loop;

/** Waiting that an interrupt does not cut short, as whoever gives back what others still use has to. */
public final class Uninterrupted {
    /** Something to wait for; it is begun anew after an interrupt. */
    public interface Wait {
        /** Waits. */
        void run() throws InterruptedException;
    }

    private Uninterrupted() {}

    /** Waits to the end, interrupted or not; an interrupt that came meanwhile is not lost. */
    public static void await(Wait wait) {
        boolean interrupted = false;
        while (true) {
            try {
                wait.run();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
