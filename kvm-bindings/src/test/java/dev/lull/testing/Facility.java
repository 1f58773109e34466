package dev.lull.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Something a host may lack and a test may need. */
public enum Facility {
    /** A {@code /dev/kvm} this user may open; any kind, so only payloads without a kernel are sure to run. */
    KVM {
        @Override
        public Optional<String> missing() {
            Path device = Path.of("/dev/kvm");
            if (!Files.exists(device)) {
                return Optional.of("there is no /dev/kvm");
            }
            return Files.isReadable(device) && Files.isWritable(device)
                    ? Optional.empty()
                    : Optional.of("this user may not open /dev/kvm");
        }
    },

    /** A KVM on the processor's own virtualization, which runs a stock kernel. */
    HARDWARE_KVM {
        @Override
        public Optional<String> missing() {
            return KVM.missing()
                    .or(() -> read("/proc/cpuinfo").matches("(?s).*\\b(vmx|svm)\\b.*")
                            ? Optional.empty()
                            : Optional.of("no vmx or svm among the processor's flags"));
        }
    },

    /** Root's privileges. */
    ROOT {
        @Override
        public Optional<String> missing() {
            return read("/proc/self/status").matches("(?s).*\\nUid:\\s+\\d+\\s+0\\s.*")
                    ? Optional.empty()
                    : Optional.of("the effective user is not root");
        }
    },

    /** The test runs inside the lab, {@code lull lab run}. */
    LAB {
        @Override
        public Optional<String> missing() {
            return "1".equals(System.getenv("LULL_LAB"))
                    ? Optional.empty()
                    : Optional.of("this is not the lab (LULL_LAB is not 1)");
        }
    },

    /** systemd is the first process, as in {@code lull lab run --systemd}. */
    SYSTEMD {
        @Override
        public Optional<String> missing() {
            return Files.isDirectory(Path.of("/run/systemd/system"))
                    ? Optional.empty()
                    : Optional.of("systemd has not started this machine");
        }
    },

    /** The command {@code go}, at least 1.19. */
    GO {
        @Override
        public Optional<String> missing() {
            return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "go")))
                    ? Optional.empty()
                    : Optional.of("there is no go; install Debian's golang-go");
        }
    },

    /** At least 16 MiB of free pages in the host's pool of 2 MiB huge pages. */
    HUGE_PAGES {
        @Override
        public Optional<String> missing() {
            Path free = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
            if (!Files.exists(free)) {
                return Optional.of("the kernel has no pool of 2 MiB pages");
            }
            return Long.parseLong(read(free.toString()).strip()) >= 8
                    ? Optional.empty()
                    : Optional.of("fewer than 8 free huge pages; vm.nr_hugepages=64 makes some");
        }
    };

    /** Why the facility cannot be used here; empty where it can. */
    public abstract Optional<String> missing();

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
