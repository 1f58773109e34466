package dev.lull.agent.boot;

/**
 * How the first vCPU enters a loaded kernel, and where that lies. By the 64-bit boot protocol it is in long mode with paging
 * on and interrupts off, has the GDT loaded, CS = {@link Gdt#CODE_SELECTOR}, the other segment registers =
 * {@link Gdt#DATA_SELECTOR}, and RSI = {@code bootParamsGpa}.
 *
 * <p>Source: {@code Documentation/arch/x86/boot.rst}, "64-bit Boot Protocol".
 *
 * @param entryGpa RIP: the kernel's 64-bit entry point
 * @param bootParamsGpa RSI: {@code struct boot_params}
 * @param pageTableGpa CR3: level-4 table of page tables that map the low 4 GiB to themselves
 * @param gdtGpa GDTR base
 * @param gdtLimitBytes GDTR limit: the table's length less 1
 * @param imageGpa the kernel's lowest byte
 * @param imageEndGpa first address behind the kernel and its BSS
 */
public record BootState(
        long entryGpa,
        long bootParamsGpa,
        long pageTableGpa,
        long gdtGpa,
        int gdtLimitBytes,
        long imageGpa,
        long imageEndGpa) {}
