/** The threads devices run on. */
package dev.lull.device.loop;
