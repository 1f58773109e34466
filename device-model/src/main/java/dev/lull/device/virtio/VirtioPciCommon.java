package dev.lull.device.virtio;

import dev.lull.device.bus.IoRegion;
import dev.lull.device.memory.GuestMemory;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Common configuration (virtio 1.2 §4.1.4.3): how the driver finds, configures, starts and resets its device.
 *
 * <p>Guarded by its own lock, which no data path takes. A reset of a running device ends on the device's loop; until then
 * the status reads as before, and nothing else can be written.
 */
final class VirtioPciCommon implements IoRegion, VirtioRunner.Transport {
    private static final int DEVICE_FEATURE_SELECT = 0;
    private static final int DEVICE_FEATURE = 4;
    private static final int DRIVER_FEATURE_SELECT = 8;
    private static final int DRIVER_FEATURE = 12;
    private static final int CONFIG_MSIX_VECTOR = 16;
    private static final int NUM_QUEUES = 18;
    private static final int DEVICE_STATUS = 20;
    private static final int CONFIG_GENERATION = 21;
    private static final int QUEUE_SELECT = 22;
    private static final int QUEUE_SIZE = 24;
    private static final int QUEUE_MSIX_VECTOR = 26;
    private static final int QUEUE_ENABLE = 28;
    private static final int QUEUE_NOTIFY_OFF = 30;
    private static final int QUEUE_AREAS = 32;

    private final VirtioStatus status;
    private final VirtioPciQueue[] queues;
    private final VirtioPciInterrupts interrupts;
    private final GuestMemory memory;
    private final Consumer<Throwable> faults;
    private @Nullable VirtioRunner runner;

    private int deviceFeatureSelect;
    private int driverFeatureSelect;
    private int queueSelect;
    private boolean running;
    private boolean resetting;
    private boolean closing;
    private @Nullable Runnable afterReset;

    VirtioPciCommon(
            long offeredFeatures,
            VirtioPciQueue[] queues,
            VirtioPciInterrupts interrupts,
            GuestMemory memory,
            Consumer<Throwable> faults) {
        this.status = new VirtioStatus(offeredFeatures);
        this.queues = queues;
        this.interrupts = interrupts;
        this.memory = memory;
        this.faults = faults;
    }

    /** Says who runs the device; before the guest sees it. */
    synchronized void runBy(VirtioRunner newRunner) {
        runner = newRunner;
    }

    @Override
    public synchronized long read(long offset, int sizeBytes) {
        int at = (int) offset;
        if (sizeBytes == 8 && at >= QUEUE_AREAS && at % 8 == 0 && at < VirtioPciLayout.COMMON_BYTES) {
            return readRegister(at) | readRegister(at + 4) << 32;
        }
        return sizeBytes == width(at) ? readRegister(at) : 0;
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        try {
            writeLocked((int) offset, sizeBytes, value);
        } catch (VirtioException e) {
            broken(e);
        }
    }

    private synchronized void writeLocked(int at, int sizeBytes, long value) {
        if (resetting || closing) {
            return;
        }
        if (sizeBytes == 8 && at >= QUEUE_AREAS && at % 8 == 0 && at < VirtioPciLayout.COMMON_BYTES) {
            writeRegister(at, value & 0xFFFF_FFFFL);
            writeRegister(at + 4, value >>> 32);
        } else if (sizeBytes == width(at)) {
            writeRegister(at, value);
        }
    }

    @Override
    public void broken(Throwable cause) {
        synchronized (this) {
            if (!resetting) {
                status.needReset();
                if (running) {
                    interrupts.raiseConfig();
                }
            }
        }
        faults.accept(cause);
    }

    @Override
    public void configChanged() {
        interrupts.raiseConfig();
    }

    /**
     * Ends the device's work for good; the driver's writes have no effect any more.
     *
     * @param idle runs when the device is as it was at first: at once, or on its loop
     */
    synchronized void shutDown(Runnable idle) {
        closing = true;
        if (!running) {
            idle.run();
            return;
        }
        afterReset = idle;
        if (!resetting) {
            reset();
        }
    }

    /** The width of the register at {@code offset}, in bytes; 0 if none begins there. */
    private static int width(int offset) {
        return switch (offset) {
            case DEVICE_FEATURE_SELECT, DEVICE_FEATURE, DRIVER_FEATURE_SELECT, DRIVER_FEATURE -> 4;
            case CONFIG_MSIX_VECTOR,
                    NUM_QUEUES,
                    QUEUE_SELECT,
                    QUEUE_SIZE,
                    QUEUE_MSIX_VECTOR,
                    QUEUE_ENABLE,
                    QUEUE_NOTIFY_OFF -> 2;
            case DEVICE_STATUS, CONFIG_GENERATION -> 1;
            default -> offset >= QUEUE_AREAS && offset < VirtioPciLayout.COMMON_BYTES && offset % 4 == 0 ? 4 : 0;
        };
    }

    private long readRegister(int at) {
        return switch (at) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect & 0xFFFF_FFFFL;
            case DEVICE_FEATURE -> status.offered(deviceFeatureSelect) & 0xFFFF_FFFFL;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect & 0xFFFF_FFFFL;
            case DRIVER_FEATURE -> status.accepted(driverFeatureSelect) & 0xFFFF_FFFFL;
            case CONFIG_MSIX_VECTOR -> interrupts.configVector();
            case NUM_QUEUES -> queues.length;
            case DEVICE_STATUS -> status.bits();
            case CONFIG_GENERATION -> runner == null ? 0 : runner.generation() & 0xFF;
            case QUEUE_SELECT -> queueSelect;
            default -> readQueueRegister(at);
        };
    }

    private long readQueueRegister(int at) {
        if (queueSelect >= queues.length) {
            return at == QUEUE_MSIX_VECTOR ? VirtioPciInterrupts.NO_VECTOR : 0;
        }
        VirtioPciQueue queue = queues[queueSelect];
        return switch (at) {
            case QUEUE_SIZE -> queue.size();
            case QUEUE_MSIX_VECTOR -> queue.vector();
            case QUEUE_ENABLE -> queue.isEnabled() ? 1 : 0;
            case QUEUE_NOTIFY_OFF -> queueSelect;
            default -> queue.areaWord((at - QUEUE_AREAS) / 4);
        };
    }

    private void writeRegister(int at, long value) {
        switch (at) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = (int) value;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect = (int) value;
            case DRIVER_FEATURE -> status.accept(driverFeatureSelect, (int) value);
            case CONFIG_MSIX_VECTOR -> interrupts.setConfigVector((int) value & 0xFFFF);
            case DEVICE_STATUS -> writeStatus((int) value & 0xFF);
            case QUEUE_SELECT -> queueSelect = (int) value & 0xFFFF;
            case DEVICE_FEATURE, NUM_QUEUES, CONFIG_GENERATION, QUEUE_NOTIFY_OFF -> {
                // Read-only.
            }
            default -> writeQueueRegister(at, value);
        }
    }

    private void writeQueueRegister(int at, long value) {
        if (queueSelect >= queues.length) {
            return;
        }
        VirtioPciQueue queue = queues[queueSelect];
        if (at == QUEUE_MSIX_VECTOR) {
            queue.setVector((int) value & 0xFFFF);
            return;
        }
        if (queue.isEnabled() || running) {
            // Queues in use change only by a reset (virtio 1.2 §4.1.4.3.2).
            return;
        }
        switch (at) {
            case QUEUE_SIZE -> queue.setSize((int) value & 0xFFFF);
            case QUEUE_ENABLE -> {
                if (value == 1) {
                    enable(queue);
                }
            }
            default -> queue.setAreaWord((at - QUEUE_AREAS) / 4, value);
        }
    }

    private void enable(VirtioPciQueue queue) {
        if (!status.has(VirtioStatus.FEATURES_OK)) {
            throw new VirtioException("a queue is enabled before FEATURES_OK (virtio 1.2 §3.1.1)");
        }
        queue.enable(memory, status.features());
    }

    private void writeStatus(int value) {
        if (value == 0) {
            reset();
        } else if (status.set(value) && !status.has(VirtioStatus.NEEDS_RESET) && runner != null) {
            running = true;
            @Nullable Virtqueue[] enabled = new Virtqueue[queues.length];
            for (int i = 0; i < queues.length; i++) {
                enabled[i] = queues[i].queue();
            }
            runner.activate(status.features(), enabled);
        }
    }

    private void reset() {
        if (running && runner != null) {
            resetting = true;
            runner.reset(this::finishReset);
        } else {
            clear();
        }
    }

    private synchronized void finishReset() {
        running = false;
        resetting = false;
        clear();
        if (afterReset != null) {
            afterReset.run();
        }
    }

    private void clear() {
        status.clear();
        interrupts.reset();
        for (VirtioPciQueue queue : queues) {
            queue.reset();
        }
        deviceFeatureSelect = 0;
        driverFeatureSelect = 0;
        queueSelect = 0;
    }
}
