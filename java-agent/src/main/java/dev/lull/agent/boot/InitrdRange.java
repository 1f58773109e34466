package dev.lull.agent.boot;

import dev.lull.device.memory.GuestMemory;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where in guest memory the initrd is; both 0 without one.
 *
 * @param gpa its first guest-physical address, page aligned
 */
record InitrdRange(long gpa, long lengthBytes) {
    private static final InitrdRange NONE = new InitrdRange(0, 0);
    private static final long PAGE_BYTES = 0x1000;
    private static final String REMEDY = "give an initramfs (a cpio archive, packed or not), or none";

    /**
     * Reads an initrd into guest memory, as high as the kernel permits, so that it is out of the kernel's way.
     *
     * @param path the initrd, or null for none
     * @param kernelEndGpa the first address behind the kernel
     * @param addressMax the highest address a byte of it may have
     * @throws KernelException when it is missing, unreadable or empty, or does not fit
     */
    static InitrdRange load(GuestMemory memory, @Nullable Path path, long kernelEndGpa, long addressMax) {
        if (path == null) {
            return NONE;
        }
        try (FileBytes file = FileBytes.open("initrd", path, REMEDY)) {
            return load(memory, file, kernelEndGpa, addressMax);
        }
    }

    /** As above, of an initrd that is open. */
    static InitrdRange load(GuestMemory memory, ImageBytes file, long kernelEndGpa, long addressMax) {
        long length = file.sizeBytes();
        long top = Math.min(addressMax + 1, LowMemory.ramEndGpa(memory));
        long gpa = top - length & -PAGE_BYTES;
        if (gpa < kernelEndGpa) {
            throw new KernelException(
                    file.name() + ": is " + ByteSizes.text(length) + ", and between the kernel's end at "
                            + ByteSizes.text(kernelEndGpa) + " and " + ByteSizes.text(top)
                            + " of memory it does not fit; give the"
                            + " guest more memory or a smaller initrd");
        }
        file.copyTo(0, memory.slice(gpa, length));
        return new InitrdRange(gpa, length);
    }
}
