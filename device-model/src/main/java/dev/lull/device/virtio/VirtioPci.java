package dev.lull.device.virtio;

import dev.lull.device.loop.EventLoop;
import dev.lull.device.loop.Uninterrupted;
import dev.lull.device.pci.BarKind;
import dev.lull.device.pci.IntxPin;
import dev.lull.device.pci.Msix;
import dev.lull.device.pci.PciFunction;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * A virtio device as a PCI function (virtio 1.2 §4.1), of the modern kind only. It owns the device.
 *
 * <p>The device runs on an {@link EventLoop}; vCPU threads reach its registers only. To unplug it, take {@link #function} off
 * its bus, then {@link #close}.
 */
public final class VirtioPci implements AutoCloseable {
    private final VirtioDevice device;
    private final PciFunction function;
    private final Msix msix;
    private final VirtioPciQueue[] queues;
    private final VirtioPciCommon common;
    private final VirtioRunner runner;
    private boolean closed;

    /**
     * Makes the function; it is on no bus yet.
     *
     * @param name for messages
     * @param loop where the device runs
     */
    public VirtioPci(String name, VirtioDevice device, EventLoop loop, VirtioPciHost host) {
        this.device = device;
        Consumer<Throwable> faults = cause -> host.faults().accept(name, cause);
        int[] sizes = device.queueSizes();
        if (sizes.length > VirtioPciLayout.MAX_QUEUES) {
            throw new IllegalArgumentException(name + " has more queues than doorbells: " + sizes.length);
        }
        function = new PciFunction(name, VirtioPciLayout.identity(device.type(), device.pciClass()));
        IntxPin intx = function.addIntx();
        msix = new Msix(name, Math.min(sizes.length + 1, VirtioPciLayout.MAX_VECTORS), host.interrupts());
        VirtioPciInterrupts interrupts = new VirtioPciInterrupts(msix, intx);
        queues = new VirtioPciQueue[sizes.length];
        Doorbell[] doorbells = new Doorbell[sizes.length];
        try {
            for (int i = 0; i < sizes.length; i++) {
                queues[i] = new VirtioPciQueue(name + " queue " + i, sizes[i], interrupts);
                doorbells[i] = queues[i].doorbell();
            }
        } catch (RuntimeException e) {
            closeDescriptors();
            throw e;
        }
        common = new VirtioPciCommon(features(device), queues, interrupts, host.memory(), faults);
        runner = new VirtioRunner(device, host.memory(), loop, doorbells, common);
        common.runBy(runner);

        VirtioPciBar bar = new VirtioPciBar(queues, host.doorbells(), faults);
        bar.show(VirtioPciLayout.COMMON_PAGE, common);
        bar.show(VirtioPciLayout.ISR_PAGE, interrupts);
        bar.show(VirtioPciLayout.DEVICE_PAGE, new VirtioPciDeviceConfig(device, runner));
        bar.show(VirtioPciLayout.MSIX_TABLE_PAGE, msix.table());
        bar.show(VirtioPciLayout.MSIX_PENDING_PAGE, msix.pending());
        function.addBar(VirtioPciLayout.BAR, BarKind.MEMORY_64, VirtioPciBar.LENGTH_BYTES, bar);
        msix.addTo(
                function,
                VirtioPciLayout.BAR,
                VirtioPciLayout.MSIX_TABLE_PAGE * VirtioPciLayout.PAGE_BYTES,
                VirtioPciLayout.MSIX_PENDING_PAGE * VirtioPciLayout.PAGE_BYTES);
        VirtioPciLayout.addCapabilities(function, bar);
    }

    /** What to plug into a {@link dev.lull.device.pci.PciBus}. */
    public PciFunction function() {
        return function;
    }

    /** The device behind the registers. */
    public VirtioDevice device() {
        return device;
    }

    /** {@link VirtioDevice#requestsUnderWay}. On the loop. */
    public int requestsUnderWay() {
        return runner.requestsUnderWay();
    }

    /**
     * Takes the function off its bus if it is on one, resets the device, waits until that is done, and gives back what both
     * hold, the device too. While the device is active, its loop must be running, and this thread must not be the loop's.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        function.detach();
        CountDownLatch idle = new CountDownLatch(1);
        common.shutDown(idle::countDown);
        Uninterrupted.await(idle::await);
        closeDescriptors();
        device.close();
    }

    private static long features(VirtioDevice device) {
        return device.features()
                | 1L << VirtioFeature.VERSION_1
                | 1L << VirtioFeature.EVENT_IDX
                | 1L << VirtioFeature.INDIRECT_DESC;
    }

    private void closeDescriptors() {
        msix.close();
        for (VirtioPciQueue queue : queues) {
            if (queue != null) {
                queue.close();
            }
        }
    }
}
