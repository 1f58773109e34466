package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.boot.PackedKernel;
import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hosts without what Lull needs, made by hiding it in a mount namespace of the process's own. */
@Requires({Facility.KVM, Facility.ROOT})
class PoorHostTest {
    /** A /dev with what the JVM itself needs and no kvm. */
    private static final String WITHOUT_KVM =
            "mount -t tmpfs none \"$0\" && cp -a /dev/null /dev/zero /dev/random /dev/urandom \"$0\""
                    + " && mount --move \"$0\" /dev && exec \"$@\"";

    /** A /dev/kvm nobody may open, and root without root's way round that. */
    private static final String WITHOUT_PERMISSION =
            "mount -t tmpfs none \"$0\" && cp -a /dev/kvm \"$0/kvm\" && chmod 0 \"$0/kvm\""
                    + " && mount --bind \"$0/kvm\" /dev/kvm"
                    + " && exec setpriv --bounding-set=-dac_override,-dac_read_search \"$@\"";

    /** A /dev/kvm that is another device. */
    private static final String NO_REAL_KVM = ": \"$0\"; mount --bind /dev/null /dev/kvm && exec \"$@\"";

    @TempDir
    private Path directory;

    @Test
    void noKvm() throws Exception {
        Lull.Result run = on(WITHOUT_KVM, "run", "--kernel", Payload.BOOT.toString());
        assertThat(run.errLines()).hasSize(1);
        assertThat(run.err()).startsWith("lull: there is no /dev/kvm; ");
        assertThat(run.status()).isEqualTo(1);
    }

    @Test
    void checkSaysWhyAndWhatMendsIt() throws Exception {
        Lull.Result check = on(WITHOUT_KVM, "check");
        assertThat(check.out()).startsWith("This host runs no virtual machines: KVM is none: ");
        assertThat(check.err()).isEmpty();
        assertThat(check.status()).isEqualTo(1);
        Lull.Result json = on(WITHOUT_PERMISSION, "check", "--json");
        assertThat(json.out()).contains("\"kind\": \"none\"", "\"runsVms\": false", "usermod -aG kvm");
        assertThat(json.status()).isEqualTo(1);
    }

    @Test
    void noPermission() throws Exception {
        Lull.Result run = on(WITHOUT_PERMISSION, "run", "--kernel", Payload.BOOT.toString());
        assertThat(run.errLines()).hasSize(1);
        assertThat(run.err()).startsWith("lull: no permission for /dev/kvm; ");
        assertThat(run.status()).isEqualTo(1);
    }

    @Test
    void aDeviceThatIsNoKvm() throws Exception {
        Lull.Result run = on(NO_REAL_KVM, "run", "--kernel", Payload.BOOT.toString());
        assertThat(run.errLines()).hasSize(1);
        assertThat(run.err()).startsWith("lull: ").contains("/dev/kvm").contains("lull check");
        assertThat(run.status()).isEqualTo(1);
    }

    @Test
    void aDiskFullWhenTheStatsFileIsWritten() throws Exception {
        // Room for the name and not for a byte of content.
        String full = "mount -t tmpfs -o size=4k none \"$0\" && head -c 4096 /dev/zero > \"$0/full\" && \"$@\";"
                + " status=$?; ls -A \"$0\"; exit $status";
        Path log = directory.resolve("exits.hlog");
        Lull.Result run = on(full, "run", "--kernel", Payload.BOOT.toString(), "--stats-file", log.toString());
        assertThat(run.out()).isEqualTo("lull-payload: running\nfull\n");
        assertThat(run.errLines()).hasSize(1);
        assertThat(run.err()).startsWith("lull: --stats-file " + log + ": cannot be written (No space left on device)");
        assertThat(run.status()).isEqualTo(1);
    }

    @Test
    void aCacheWithoutRoomCostsALineAndNotTheBoot() throws Exception {
        String full = "mount -t tmpfs -o size=4k none \"$0/cache\" && head -c 4096 /dev/zero > \"$0/cache/full\""
                + " && export LULL_CACHE=\"$0/cache\"; \"$@\"; status=$?; find \"$0/cache\" -type f; exit $status";
        Path cache = Files.createDirectory(directory.resolve("cache"));
        Path kernel = Files.write(directory.resolve("bzImage"), PackedKernel.of(Files.readAllBytes(Payload.BOOT)));
        Lull.Result run = on(full, "run", "--kernel", kernel.toString());
        assertThat(run.errLines()).hasSize(1);
        assertThat(run.err())
                .startsWith("lull: cannot keep the unpacked kernel in " + cache.resolve("payloads"))
                .contains("No space left on device", "LULL_CACHE");
        assertThat(run.out()).isEqualTo("lull-payload: running\n" + cache.resolve("full") + "\n");
        assertThat(run.status()).isZero();
    }

    private Lull.Result on(String host, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("unshare", "-m", "sh", "-c", host, directory.toString()));
        command.addAll(Lull.command(arguments));
        return Lull.process(command);
    }
}
