/** What stands behind devices on the host. */
package dev.lull.device.backend;
