/** Guest RAM as bounded segments. Nothing else in the project hands out guest memory. */
package dev.lull.device.memory;
