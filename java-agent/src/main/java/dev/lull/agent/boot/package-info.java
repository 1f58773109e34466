/**
 * Puts a stock Linux kernel into guest memory and says how a vCPU enters it.
 *
 * <pre>
 *   kernel file ─ KernelImage.parse ─┬─ ElfImage ──────────────────────────────┐
 *                                    └─ BzImage ─ PayloadCache ─ ElfImage ─────┤
 *   initrd file, command line, Platform (vCPUs, ports, ACPI devices) ──────────┴─ LinuxBoot ─ BootState
 * </pre>
 *
 * <p>The package knows guest memory and files. It knows neither KVM nor the command line: what a user gave wrongly
 * leaves it as a {@link dev.lull.agent.boot.KernelException} with one clear line. Everything a kernel or initrd file
 * holds is untrusted and checked once, where it is parsed. Sources: the kernel's {@code Documentation/arch/x86/boot.rst}
 * and {@code zero-page.rst}, the ELF-64 object file format, ACPI 6.4.
 *
 * <p>All of it runs before the guest's first instruction, in a JVM that has just started: the path of a second start
 * uses no lambdas, streams or formatting, and touches no decompressor.
 */
package dev.lull.agent.boot;
