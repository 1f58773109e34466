/** The few devices of an IBM PC that a stock kernel still wants: serial port, keyboard controller's reset, power registers. */
package dev.lull.device.legacy;
