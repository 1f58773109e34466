package dev.lull.agent.machine;

/** What each owner of a thread does. */
final class Threads {
    private Threads() {}

    /** Waits for the end of {@code thread}, interrupted or not; an interrupt that came meanwhile is not lost. */
    static void join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
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
