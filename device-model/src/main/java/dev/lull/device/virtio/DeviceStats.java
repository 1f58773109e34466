package dev.lull.device.virtio;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;
import org.agrona.concurrent.status.CountersReader;

/**
 * What a device counts, in a counters file that others read without disturbing it. A counter's label begins with the
 * device's name: {@code disk0.read.requests}, {@code net0.receive.dropped}.
 *
 * <p>Made, read and closed by the thread that assembles the machine; what it hands out is for the device. {@link #refresh}
 * is for a thread that keeps house.
 */
public final class DeviceStats implements AutoCloseable {
    /**
     * How often something other than a request happened.
     *
     * @param name what, such as {@code receive.dropped}
     */
    public record Event(String name, long count) {}

    private final String device;
    private final CountersManager counters;
    private final List<RequestStats> requests = new ArrayList<>();
    private final Map<String, AtomicCounter> events = new LinkedHashMap<>();
    private final List<AtomicCounter> open = new ArrayList<>();
    private boolean closed;

    /**
     * Counts in {@code counters}.
     *
     * @param device the name that stays, for example the id the user gave
     */
    public DeviceStats(String device, CountersManager counters) {
        this.device = device;
        this.counters = counters;
    }

    /** Counts in memory of its own, {@code capacity} counters at the most. */
    public static DeviceStats inMemory(String device, int capacity) {
        return new DeviceStats(
                device,
                new CountersManager(
                        new UnsafeBuffer(ByteBuffer.allocateDirect(capacity * CountersReader.METADATA_LENGTH)),
                        new UnsafeBuffer(ByteBuffer.allocateDirect(capacity * CountersReader.COUNTER_LENGTH))));
    }

    /** The device's name. */
    public String device() {
        return device;
    }

    /** Begins to count one kind of request, such as {@code read}. */
    public RequestStats request(String operation) {
        RequestStats stats = new RequestStats(this, operation);
        requests.add(stats);
        return stats;
    }

    /** Begins to count something else, such as {@code receive.dropped}. */
    public AtomicCounter counter(String event) {
        AtomicCounter counter = newCounter(event);
        events.put(event, counter);
        return counter;
    }

    /** The kinds of requests, in the order in which they were begun. */
    public List<RequestStats> requests() {
        return List.copyOf(requests);
    }

    /** What else is counted, in the order in which it was begun. */
    public List<Event> events() {
        return events.entrySet().stream()
                .map(event -> new Event(event.getKey(), event.getValue().get()))
                .toList();
    }

    /** Publishes, of each kind of request, what those since the last call took; see {@link RequestStats#refresh}. */
    public synchronized void refresh() {
        if (!closed) {
            requests.forEach(RequestStats::refresh);
        }
    }

    /** Gives the counters back; nobody counts any more. */
    @Override
    public synchronized void close() {
        closed = true;
        open.forEach(AtomicCounter::close);
        open.clear();
        events.clear();
    }

    AtomicCounter newCounter(String label) {
        AtomicCounter counter = counters.newCounter(device + '.' + label);
        open.add(counter);
        return counter;
    }
}
