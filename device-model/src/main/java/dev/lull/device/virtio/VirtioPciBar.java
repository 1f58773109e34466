package dev.lull.device.virtio;

import dev.lull.device.bus.Doorbells;
import dev.lull.device.bus.IoRegion;
import dev.lull.device.pci.BarRegion;
import java.util.Arrays;
import java.util.function.Consumer;

/** The base address register of a virtio device: a page a structure, and doorbells that ring in the kernel. */
final class VirtioPciBar implements BarRegion {
    static final long LENGTH_BYTES = (long) VirtioPciLayout.PAGES * VirtioPciLayout.PAGE_BYTES;

    private static final long DOORBELLS = (long) VirtioPciLayout.NOTIFY_PAGE * VirtioPciLayout.PAGE_BYTES;

    private static final IoRegion UNUSED = new IoRegion() {
        @Override
        public long read(long offset, int sizeBytes) {
            return 0;
        }

        @Override
        public void write(long offset, int sizeBytes, long value) {}
    };

    private final IoRegion[] pages;
    private final VirtioPciQueue[] queues;
    private final Doorbells doorbells;
    private final Consumer<Throwable> faults;
    private long address;
    private int attached;

    VirtioPciBar(VirtioPciQueue[] queues, Doorbells doorbells, Consumer<Throwable> faults) {
        this.queues = queues;
        this.doorbells = doorbells;
        this.faults = faults;
        pages = new IoRegion[VirtioPciLayout.PAGES];
        Arrays.fill(pages, UNUSED);
        pages[VirtioPciLayout.NOTIFY_PAGE] = new PlainDoorbells();
    }

    /** Gives page {@code page} to {@code region}; before the guest sees it. */
    void show(int page, IoRegion region) {
        pages[page] = region;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        return page(offset).read(offset & (VirtioPciLayout.PAGE_BYTES - 1), sizeBytes);
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        page(offset).write(offset & (VirtioPciLayout.PAGE_BYTES - 1), sizeBytes, value);
    }

    @Override
    public void placed(long newAddress) {
        address = newAddress;
        try {
            while (attached < queues.length) {
                doorbells.attach(
                        doorbell(attached),
                        VirtioPciLayout.DOORBELL_BYTES,
                        queues[attached].doorbell().event());
                attached++;
            }
        } catch (RuntimeException e) {
            // The rest ring through an exit instead.
            faults.accept(e);
        }
    }

    @Override
    public void removed() {
        while (attached > 0) {
            attached--;
            doorbells.detach(
                    doorbell(attached),
                    VirtioPciLayout.DOORBELL_BYTES,
                    queues[attached].doorbell().event());
        }
    }

    private IoRegion page(long offset) {
        return pages[(int) (offset >>> VirtioPciLayout.PAGE_SHIFT)];
    }

    private long doorbell(int queue) {
        return address + DOORBELLS + (long) queue * VirtioPciLayout.DOORBELL_STRIDE_BYTES;
    }

    /** Doorbells the kernel did not take: those of another width, or that could not be attached. */
    private final class PlainDoorbells implements IoRegion {
        @Override
        public long read(long offset, int sizeBytes) {
            return 0;
        }

        @Override
        public void write(long offset, int sizeBytes, long value) {
            int queue = (int) offset / VirtioPciLayout.DOORBELL_STRIDE_BYTES;
            if (queue < queues.length) {
                queues[queue].doorbell().ring();
            }
        }
    }
}
