/**
 * PCI, the device's side (PCI Local Bus Specification 3.0, cited as PCI 3.0; PCI Express Base 5.0, cited as PCIe 5.0): a
 * root bus, functions with byte-exact configuration spaces, base address registers, and interrupts.
 */
package dev.lull.device.pci;
