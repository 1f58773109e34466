package dev.lull.agent.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/**
 * The Debian package on a Debian that systemd has started: installed, used as an operator would, hung, killed, purged. The
 * tests are one story, in order.
 */
@Tag("lab")
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Requires({Facility.LAB, Facility.SYSTEMD, Facility.HARDWARE_KVM, Facility.ROOT})
class PackageTest {
    private static final long MAX_INSTALLED_BYTES = 80_000_000;
    private static final long MAX_IDLE_BYTES = 80_000_000;
    private static final double MAX_EXPOSURE = 4;
    private static final String SOCKET = "/run/lull/lulld.sock";
    private static final String TAP = "lulltest";

    /** Where user lull can read. */
    private static final Path FILES = Path.of("/srv/lull-test");

    private static final Path KERNEL = FILES.resolve("vmlinuz");
    private static final Path INITRD = FILES.resolve("initrd");
    private static final Path DISK = FILES.resolve("disk");
    private static final long DISK_BYTES = 16 << 20;

    private static Set<String> before = Set.of();

    @BeforeAll
    static void install() throws Exception {
        Files.createDirectories(FILES);
        Files.copy(LabKernels.kernel("cloud", "vmlinuz"), KERNEL);
        DriversInitrd.write(
                INITRD,
                LabKernels.initrd(),
                LabKernels.modules("cloud"),
                "virtio_pci",
                "virtio_blk",
                "virtio_net",
                "virtio-rng");
        try (RandomAccessFile disk = new RandomAccessFile(DISK.toFile(), "rw")) {
            disk.setLength(DISK_BYTES);
        }
        Host.run("chmod", "a+r", KERNEL.toString(), INITRD.toString());
        Host.run("ip", "tuntap", "add", "dev", TAP, "mode", "tap");
        Host.run("ip", "addr", "add", "192.0.2.1/24", "dev", TAP);
        Host.run("ip", "link", "set", TAP, "up");
        before = HostFiles.list();
        try (Stream<Path> built = Files.list(Path.of(System.getProperty("lull.root"), "build"))) {
            String deb = built.map(Path::toString)
                    .filter(path -> path.endsWith("_amd64.deb"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no package in build; make one with: ./lull package"));
            Host.run("dpkg", "-i", deb);
        }
        Host.run("chown", "lull", DISK.toString());
    }

    @Test
    @Order(1)
    void itsFilesKeepTheBudgetAndItStartsNothing() throws Exception {
        List<String> files = Host.run("dpkg", "-L", "lull").lines().toList();
        assertThat(files)
                .contains("/usr/share/man/man8/lulld.8.gz", "/usr/share/man/man1/lull-vm-create.1.gz")
                .contains("/usr/share/bash-completion/completions/lull");
        long bytes = 0;
        for (String file : files) {
            bytes += Files.isRegularFile(Path.of(file)) ? Files.size(Path.of(file)) : 0;
        }
        System.out.printf("installed: %d bytes%n", bytes);
        assertThat(bytes).isBetween(1L, MAX_INSTALLED_BYTES);
        // Which fails if the cache does not suit the jars and the runtime.
        assertThat(Host.run("sh", "-c", "sed 's/-XX:AOTCache/-XX:AOTMode=on &/' $(which lulld) | sh -s -- --version"))
                .startsWith("lulld ");
        assertThat(property("ActiveState")).isEqualTo("inactive");
        assertThat(Host.run("runuser", "-u", "lull", "--", "lulld", "--check-config"))
                .contains("is valid");
    }

    @Test
    @Order(2)
    void theServiceIsReadyWhenItsStartEnds() throws Exception {
        Host.run("systemctl", "start", "lulld");
        assertThat(property("StatusText")).isEqualTo("serving " + SOCKET);
        assertThat(property("WatchdogUSec")).isEqualTo("30s");
        String status = Host.run("systemctl", "status", "--no-pager", "lulld");
        System.out.println(status);
        assertThat(status).contains("active (running)", "Status: \"serving " + SOCKET);
        assertThat(Host.run("stat", "--format=%a %U %G", SOCKET)).isEqualTo("660 lull lull");
        String resident = Host.run(
                "sed", "-n", "s/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p", "/proc/" + property("MainPID") + "/status");
        System.out.printf("idle: %s KiB resident%n", resident);
        assertThat(Long.parseLong(resident) << 10).isBetween(1L, MAX_IDLE_BYTES);
    }

    @Test
    @Order(3)
    void itHasFewRights() throws Exception {
        String report = Host.run("systemd-analyze", "security", "--no-pager", "lulld");
        System.out.println(report.lines().toList().getLast());
        String exposure = report.replaceFirst("(?s).*Overall exposure level for lulld.service: ([0-9.]+) .*", "$1");
        assertThat(Double.parseDouble(exposure)).isLessThan(MAX_EXPOSURE);
        assertThat(Host.run("systemd-analyze", "verify", "--man=no", "lulld.service", "lulld.socket"))
                .doesNotContain("lull");
    }

    @Test
    @Order(4)
    void aMemberOfItsGroupUsesAMachineWithDevicesWhileItGivesSignsOfLife() throws Exception {
        String lastSign = property("WatchdogTimestampMonotonic");
        Host.run(member(
                ("lull vm create web --kernel %s --initrd %s --disk path=%s --net tap=%s --rng --balloon 0"
                                + " --vsock cid=3,uds=/run/lull/web.vsock --pin 0 --cmdline")
                        .formatted(KERNEL, INITRD, DISK, TAP),
                "console=ttyS0 quiet"));
        Host.run(member("lull vm start web"));
        try (Dialogue console = new Dialogue(member("lull vm console web"))) {
            console.await("lull-guest: init");
            console.type("for module in /modules/*; do insmod $module || exit 1; done; echo drivers\"-\"loaded");
            console.await("drivers-loaded");
            console.type("dd if=/dev/urandom of=/dev/vda bs=64k count=16 conv=fsync && echo disk\"-\"works");
            console.await("disk-works");
            console.type("ip addr add 192.0.2.2/24 dev eth0 && ip link set eth0 up && ping -c 1 -W 10 192.0.2.1"
                    + " && echo network\"-\"works");
            console.await("network-works");
            console.type("dd if=/dev/hwrng of=/dev/null bs=64 count=1 && echo random\"-\"works");
            console.await("random-works");
        }
        Host.run(member("lull idle start web fingerprints"));
        await("lull idle --json web | grep -q '\"state\":\"done\"'");
        String idle = Host.run(member("lull idle web"));
        System.out.println(idle);
        assertThat(idle)
                .containsPattern("(?m)^ *1 +fingerprints +done ")
                .containsPattern("(?m)^  1: [1-9][0-9]* MiB seen")
                .doesNotContain(" in 0 steps");
        assertThat(Host.run(member("lull idle"))).containsPattern("(?m)^web +0 +[0-9.]+% +[0-9.]+ s +[1-9]");
        memoryIsGivenBackAndWatched();
        Host.run(member("lull vm stop --now web"));
        assertThat(Host.run(member("lull vm list"))).contains("web ", "Not started");
        Host.run(member("lull vm rm web"));
        assertThat(Path.of("/run/lull/web.vsock")).doesNotExist();
        await("test $(systemctl show -P WatchdogTimestampMonotonic lulld) != " + lastSign);
    }

    /** Which takes the right to hold a guest's writes up. */
    private static void memoryIsGivenBackAndWatched() throws IOException, InterruptedException {
        assertThat(Host.run("stat", "--format=%a %U %G", "/dev/userfaultfd")).isEqualTo("600 lull root");
        Host.run(member("lull idle start web zero-pages"));
        Host.run(member("lull idle start web working-set"));
        await("lull idle --json web | grep -q '\"done_tasks\":3'");
        String idle = Host.run(member("lull idle web"));
        System.out.println(idle);
        assertThat(idle)
                .containsPattern("(?m)^ *2 +zero-pages +done ")
                .containsPattern("(?m)^  2: [1-9][0-9]* MiB seen: [1-9][0-9]* MiB given back")
                .containsPattern("(?m)^ *3 +working-set +done ")
                .containsPattern("(?m)^  3: [0-9]+ MiB touched");
    }

    @Test
    @Order(5)
    void curlAloneDoesToo() throws Exception {
        String config = """
                {"boot-source": {"kernel_image_path": "%s", "initrd_path": "%s",
                 "boot_args": "console=ttyS0 quiet lull.do=echo"},
                 "machine-config": {"vcpu_count": 1, "mem_size_mib": 256}}
                """.formatted(KERNEL, INITRD);
        assertThat(curl("PUT", "vms/curl", "-d", config)).contains("\"id\":\"curl\"");
        curl("PUT", "vms/curl/actions", "-d", "{\"action_type\": \"InstanceStart\"}");
        // A curl reads its input before it writes what has come.
        String console = "curl -sN --max-time 60 --unix-socket /run/lull/vms/curl/console.sock telnet://console";
        try (Dialogue reader = new Dialogue("sh", "-c", "exec " + console + " </dev/null")) {
            reader.await("lull-guest: init");
            try (Dialogue _ = new Dialogue("sh", "-c", "echo hello | exec " + console)) {
                reader.await("echo: hello");
            }
        }
        assertThat(curl("GET", "vms/curl")).contains("\"state\":\"Running\"");
        assertThat(curl("GET", "metrics")).contains("lull_");
        curl("PUT", "vms/curl/stop", "-d", "{\"grace_ms\": 0}");
        assertThat(curl("GET", "vms/curl")).contains("\"state\":\"Not started\"");
        curl("DELETE", "vms/curl");
        assertThat(curl("GET", "vms")).doesNotContain("curl");
    }

    @Test
    @Order(6)
    void killedItComesBackAndTellsWhatWasLost() throws Exception {
        String config = "{\"boot-source\": {\"kernel_image_path\": \"" + KERNEL + "\"}}";
        curl("PUT", "vms/lost?start=true", "-d", config);
        Host.run("systemctl", "kill", "--signal=KILL", "lulld");
        await("test $(systemctl show -P NRestarts lulld) = 1 && systemctl -q is-active lulld");
        assertThat(curl("GET", "vms/lost")).contains("\"state\":\"Not started\"", "LOST");
        curl("DELETE", "vms/lost");
    }

    @Test
    @Order(7)
    void hungItIsStartedAnew() throws Exception {
        Host.run("systemctl", "kill", "--signal=STOP", "--kill-who=main", "lulld");
        await("test $(systemctl show -P NRestarts lulld) = 2 && systemctl -q is-active lulld");
        assertThat(curl("GET", "")).contains("\"name\":\"lulld\"");
    }

    @Test
    @Order(8)
    void itStopsInGoodOrderAndItsSocketStartsIt() throws Exception {
        Host.run("systemctl", "stop", "lulld");
        assertThat(property("Result")).isEqualTo("success");
        assertThat(property("ActiveState")).isEqualTo("inactive");
        assertThat(Path.of(SOCKET)).doesNotExist();
        Host.run("systemctl", "start", "lulld.socket");
        assertThat(property("ActiveState")).isEqualTo("inactive");
        assertThat(Host.run("stat", "--format=%a %U %G", SOCKET)).isEqualTo("660 lull lull");
        assertThat(curl("GET", "")).contains("\"name\":\"lulld\"");
        assertThat(property("ActiveState")).isEqualTo("active");
    }

    @Test
    @Order(9)
    void itsJournalReadsWell() throws Exception {
        System.out.println(Host.run("journalctl", "--no-pager", "--unit=lulld"));
        String journal = Host.run("journalctl", "--no-pager", "--output=cat", "--unit=lulld");
        assertThat(journal)
                .contains(
                        "ready: " + SOCKET,
                        "PUT /vms/web by uid 65534",
                        "web: started",
                        "lost: ended when an earlier lulld was killed",
                        "Watchdog timeout",
                        "stopped")
                .doesNotContain("Exception", "\tat ", "a fault of Lull's own");
        assertThat(Host.run("journalctl", "--no-pager", "--quiet", "--priority=err", "_SYSTEMD_UNIT=lulld.service"))
                .isEmpty();
    }

    @Test
    @Order(10)
    void purgingLeavesNothing() throws Exception {
        Host.run("systemctl", "enable", "lulld.service", "lulld.socket");
        curl("PUT", "vms/last?start=true", "-d", "{\"boot-source\": {\"kernel_image_path\": \"" + KERNEL + "\"}}");
        Host.run("dpkg", "--purge", "lull");
        assertThat(HostFiles.list()).containsExactlyElementsOf(before);
    }

    private static String property(String name) throws IOException, InterruptedException {
        return Host.run("systemctl", "show", "--property=" + name, "--value", "lulld");
    }

    /** A command, words apart by spaces and {@code more} words, as a user who is nothing but a member of the group. */
    private static String[] member(String command, String... more) {
        String whole = "setpriv --reuid=nobody --regid=lull --clear-groups -- " + command;
        return Stream.concat(Stream.of(whole.split(" ")), Stream.of(more)).toArray(String[]::new);
    }

    private static String curl(String method, String path, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = List.of(
                "curl", "--silent", "--show-error", "--fail-with-body", "--unix-socket", SOCKET, "--request", method);
        return Host.run(Stream.of(command.stream(), Stream.of(arguments), Stream.of("http://host/" + path))
                .flatMap(words -> words)
                .toArray(String[]::new));
    }

    /** Waits until a command of the shell succeeds. */
    private static void await(String condition) throws IOException, InterruptedException {
        Host.run("timeout", "120", "sh", "-c", "until " + condition + "; do sleep 0.2; done");
    }
}
