package dev.lull.agent.lab;

import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;

/** What a package may leave on a host: files, sockets, rights to devices, users, groups, units of systemd, network interfaces, processes. */
final class HostFiles {
    /** What dpkg, useradd and the system itself write beside a package. */
    private static final String OTHERS =
            "file (/var/lib/(dpkg/|systemd)|/var/log|/var/cache/ldconfig|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-"
                    + "|/etc/\\.pwd\\.lock|/root/|/tmp/).*";

    private HostFiles() {}

    /** All there are, a line each. */
    static Set<String> list() throws IOException, InterruptedException {
        Set<String> found = new TreeSet<>();
        add(found, "file", "find", "/", "-xdev");
        add(found, "file", "find", "/run", "-xdev", "-name", "*lull*");
        add(found, "device", "stat", "--format=%n %a %U %G", "/dev/kvm", "/dev/userfaultfd");
        add(found, "user", "getent", "passwd");
        add(found, "group", "getent", "group");
        add(found, "unit", "systemctl", "list-unit-files", "--no-legend", "--no-pager");
        add(found, "failed", "systemctl", "list-units", "--failed", "--all", "--plain", "--no-legend", "--no-pager");
        add(found, "link", "ls", "/sys/class/net");
        add(found, "listens", "awk", "$6 == 1 && $8 ~ /lull/ { print $8 }", "/proc/net/unix");
        add(found, "runs", "sh", "-c", "ls -l /proc/[0-9]*/exe 2>&1 | grep -o '/usr/lib/lull/.*' || true");
        return found;
    }

    private static void add(Set<String> found, String kind, String... command)
            throws IOException, InterruptedException {
        Host.run(command)
                .lines()
                .map(line -> kind + " " + line.strip())
                .filter(entry -> !entry.matches(OTHERS))
                .forEach(found::add);
    }
}
