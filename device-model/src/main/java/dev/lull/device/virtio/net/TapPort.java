package dev.lull.device.virtio.net;

import dev.lull.linux.Fd;
import dev.lull.linux.Tap;

/** A TAP device as a {@link FramePort}. */
record TapPort(Tap tap) implements FramePort {
    @Override
    public String name() {
        return tap.name();
    }

    @Override
    public int queueCount() {
        return tap.queueCount();
    }

    @Override
    public Fd queue(int index) {
        return tap.queue(index);
    }

    @Override
    public int mtuBytes() {
        return tap.mtuBytes();
    }

    @Override
    public void setOffloads(int offloads) {
        tap.setOffloads(offloads);
    }

    @Override
    public void enableQueue(int index, boolean enabled) {
        tap.enableQueue(index, enabled);
    }

    @Override
    public void setFilter(byte[] addresses, boolean allMulticast) {
        tap.setFilter(addresses, allMulticast);
    }

    @Override
    public void close() {
        tap.close();
    }
}
