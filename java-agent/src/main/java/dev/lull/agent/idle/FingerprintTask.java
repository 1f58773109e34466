package dev.lull.agent.idle;

import dev.lull.agent.machine.ConfigException;
import dev.lull.device.memory.GuestMemory;
import dev.lull.idle.Fingerprints;
import dev.lull.idle.IdleOutcome;
import dev.lull.idle.NativeTask;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.LinuxException;
import dev.lull.linux.Mapping;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds what sharing equal pages would save: pages that are zero, equal to a page of a base image, or equal to another. */
public final class FingerprintTask implements Task {
    private final Fingerprints memory;
    private @Nullable Mapping baseImage;
    private @Nullable Fingerprints base;
    private boolean baseDone;

    /**
     * Looks for equal pages within one guest.
     *
     * @param memory the guest's
     * @throws dev.lull.idle.IdleUnavailable if there is no native core
     */
    public FingerprintTask(GuestMemory memory) {
        this.memory = Fingerprints.ofMemory(
                memory.regions().stream().map(GuestMemory.Region::segment).toList());
        this.baseDone = true;
    }

    /**
     * Looks for pages of a base image as well, for example of the disk that many guests start from.
     *
     * @throws ConfigException if the image cannot be read
     */
    public FingerprintTask(GuestMemory memory, Path image) {
        this(memory);
        try (Fd fd = Fd.open(image.toString(), LinuxConstants.O_RDONLY)) {
            long sizeBytes = image.toFile().length();
            if (sizeBytes < Mapping.PAGE_BYTES) {
                throw new ConfigException("base image " + image + ": it has less than a page of 4096 bytes");
            }
            baseImage = Mapping.ofFile(fd, sizeBytes);
            base = Fingerprints.ofImage(baseImage.segment());
            this.memory.compareWith(base);
            baseDone = false;
        } catch (LinuxException e) {
            close();
            throw new ConfigException("base image " + e.getMessage());
        } catch (ConfigException e) {
            close();
            throw e;
        }
    }

    @Override
    public String name() {
        return "fingerprints";
    }

    @Override
    public IdleOutcome step(long budgetNanos) {
        IdleOutcome outcome = nativeWork().step(budgetNanos);
        return outcome == IdleOutcome.DONE ? nativeDone() : outcome;
    }

    @Override
    public NativeTask nativeWork() {
        return base == null || baseDone ? memory : base;
    }

    @Override
    public IdleOutcome nativeDone() {
        if (baseDone) {
            return IdleOutcome.DONE;
        }
        baseDone = true;
        return IdleOutcome.MORE;
    }

    /** The counts of the guest's pages. */
    public Fingerprints pages() {
        return memory;
    }

    @Override
    public String result() {
        long mib = 1 << 20;
        return "%d MiB seen: %d MiB zero, %d MiB of the base image, %d MiB equal to others"
                .formatted(
                        memory.bytes() / mib,
                        memory.zeroPages() * Mapping.PAGE_BYTES / mib,
                        memory.basePages() * Mapping.PAGE_BYTES / mib,
                        memory.duplicatePages() * Mapping.PAGE_BYTES / mib);
    }

    @Override
    public void close() {
        memory.close();
        if (base != null) {
            base.close();
        }
        if (baseImage != null) {
            baseImage.close();
        }
    }
}
