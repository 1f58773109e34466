/** What a service manager such as systemd gives a service and wants to hear from it: sd_notify(3), sd_listen_fds(3). */
package dev.lull.agent.control.systemd;
