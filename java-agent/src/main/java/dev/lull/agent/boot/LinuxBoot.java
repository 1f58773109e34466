package dev.lull.agent.boot;

import dev.lull.device.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Loads a Linux kernel, and all it looks for when entered, into a guest's memory. */
public final class LinuxBoot {
    private LinuxBoot() {}

    /**
     * What to boot.
     *
     * @param kernel a bzImage, or an ELF x86-64 vmlinux
     * @param initrd an initramfs, or null
     * @param cmdline the kernel's command line, ended by its last character; the limit is the kernel's own, usually 2047
     *     bytes of UTF-8
     */
    public record Source(Path kernel, @Nullable Path initrd, String cmdline) {}

    /**
     * Loads what {@code source} names.
     *
     * @param memory fresh guest RAM, which reads as zero, of which a region starts at address 0
     * @param cache where unpacked kernels are kept
     * @return how the first vCPU enters it
     * @throws KernelException when a file cannot be booted, does not fit into memory, or the command line is too long
     */
    public static BootState load(GuestMemory memory, Source source, PayloadCache cache, Platform platform) {
        long ramEnd = LowMemory.ramEndGpa(memory);
        try (FileBytes file = FileBytes.open("kernel", source.kernel(), KernelImage.REMEDY)) {
            KernelImage image = KernelImage.parse(file);
            if (image instanceof BzImage packed) {
                try (ElfImage elf = cache.open(file, packed, ramEnd)) {
                    return load(memory, packed.setup(), elf, source, platform);
                }
            }
            return load(memory, SetupHeader.ofElf(), (ElfImage) image, source, platform);
        }
    }

    /** Loads a kernel that is unpacked. */
    static BootState load(GuestMemory memory, SetupHeader setup, ElfImage elf, Source source, Platform platform) {
        writeCmdline(memory, source.cmdline(), setup.cmdlineMaxBytes());
        long kernelEnd = elf.loadInto(memory);
        InitrdRange initrd = InitrdRange.load(memory, source.initrd(), kernelEnd, setup.initrdAddressMax());
        ResetVector.writeTo(memory, platform);
        long rsdp = AcpiTables.writeTo(memory, platform);
        BootParams.writeTo(memory, setup, initrd, rsdp, platform.pci());
        return new BootState(
                elf.entryGpa(),
                LowMemory.BOOT_PARAMS_GPA,
                PageTables.writeTo(memory),
                LowMemory.GDT_GPA,
                Gdt.writeTo(memory),
                elf.lowestGpa(),
                kernelEnd);
    }

    private static void writeCmdline(GuestMemory memory, String cmdline, int maxBytes) {
        byte[] bytes = cmdline.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > maxBytes) {
            throw new KernelException("command line: is " + bytes.length + " bytes long, " + (bytes.length - maxBytes)
                    + " more than this kernel takes; shorten it to " + maxBytes + " bytes");
        }
        if (cmdline.indexOf('\0') >= 0) {
            throw new KernelException("command line: holds a NUL at character " + cmdline.indexOf('\0')
                    + ", which would end it; leave it out");
        }
        // The NUL behind it is already there: guest RAM is fresh.
        memory.slice(LowMemory.CMDLINE_GPA, bytes.length + 1L)
                .asSlice(0, bytes.length)
                .copyFrom(MemorySegment.ofArray(bytes));
    }
}
