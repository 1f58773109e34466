package dev.lull.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.agent.machine.Payload;
import dev.lull.testing.Facility;
import dev.lull.testing.Requires;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever is asked wrongly gets one line that names it, and exit status 2. */
class BadInputTest {
    @TempDir
    private Path directory;

    /** An option's text, what the line must say. {@code BOOT} is a kernel that works, {@code DIR} the test's directory. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
                    ""                                      | lull: Missing command. Try: lull --help
                    frob                                    | 'frob'
                    run                                     | '--kernel=FILE'. Try: lull run --help
                    run --kernel                            | Missing required parameter for option '--kernel'
                    run --kernel BOOT --frob                | Unknown option: '--frob'. Try: lull run --help
                    run --kernel BOOT --kernel BOOT         | '--kernel'
                    run --kernel BOOT --memory lots         | 'lots' is no size
                    run --kernel BOOT --memory 99999999999G | is no size
                    run --kernel BOOT --cpus two            | 'two'
                    run --kernel BOOT --disk image.raw      | lull run: --disk: 'image.raw' is not among path=, id=
                    run --kernel BOOT --disk readonly       | lull run: --disk: path= is missing. Try: lull run --help
                    run --kernel BOOT --disk path=          | --disk: path= needs a value
                    run --kernel BOOT --disk path=a,id=b,id=c | --disk: id is given twice
                    run --kernel BOOT --disk path=a,rate=much | --disk: rate=: 'much' is no size
                    run --kernel BOOT --disk path=a,rate=0  | --disk: rate= is 0; give more than 0
                    run --kernel BOOT --disk path=a,ops=0   | --disk: ops= is 0; give at least 1
                    run --kernel BOOT --disk path=a,burst=1 | --disk: burst= is on top of rate=, which is missing
                    run --kernel BOOT --disk path=a,queues=x | --disk: queues= is 'x', which is no whole number
                    run --kernel BOOT --net mac=02:00:00:00:00:01 | --net: give either tap=NAME
                    run --kernel BOOT --net tap=a,user-tap  | --net: give either tap=NAME
                    run --kernel BOOT --net tap=a,mac=1:2   | --net: '1:2' is no MAC address
                    run --kernel BOOT --net tap=a,mac=01:00:00:00:00:00 | is not the MAC address of one station
                    run --kernel BOOT --rng=often           | --rng: 'often' is not among rate=, ops=, burst=
                    run --kernel BOOT --rng --rng           | '--rng
                    run --kernel BOOT --vsock uds=s         | --vsock: cid= is missing
                    run --kernel BOOT --vsock cid=3         | --vsock: uds= is missing
                    run --kernel BOOT --balloon large       | --balloon: 'large' is no size
                    run --kernel BOOT --balloon 1M,soon     | --balloon: 'soon' is not among deflate-on-oom
                    run --kernel BOOT --counter fast        | lull run: --counter fast: give host, scaled, or scaled:HZ. Try: lull run --help
                    run --kernel BOOT --counter scaled:     | --counter scaled:: give host, scaled, or scaled:HZ
                    run --kernel BOOT --counter scaled:-5   | --counter scaled:-5: give host, scaled, or scaled:HZ
                    run --kernel BOOT --counter scaled:999  | lull run: a counter of 999 Hz: it has from 1000 to 1000000000000
                    run --kernel BOOT --counter scaled --dilation 0 | a dilation of 0.0: give from 0.1 to 10.0
                    run --kernel BOOT --counter scaled --dilation slow | 'slow'
                    run --kernel BOOT --dilation 2          | lull run: --dilation: give it with --counter scaled
                    check --frob                            | '--frob'. Try: lull check --help
                    man frob                                | frob
                    man vm frob                             | No command 'frob'; there are create, start
                    vm                                      | lull vm: Missing command. Try: lull vm --help
                    vm frob                                 | 'frob'
                    vm create                               | Missing required parameter: 'ID'. Try: lull vm create --help
                    vm create a                             | lull vm create: Give --kernel=FILE or --config=FILE. Try: lull vm create --help
                    vm create a --kernel k --config c       | With --config=FILE, all about the machine is in FILE
                    vm create a --config c --counter scaled | With --config=FILE, all about the machine is in FILE
                    vm create a --kernel k --counter fast   | --counter fast: give host, scaled, or scaled:HZ
                    vm counter a --dilation slow            | 'slow'
                    vm create a --config c --cpus 2         | With --config=FILE, all about the machine is in FILE
                    vm create a --kernel k --memory 1000000 | --memory: 1000000 bytes; give whole MiB
                    vm create a --kernel k --disk path=a,direct | --disk: direct is for lull run only; leave it out
                    vm create a --kernel k --net user-tap   | --net: user-tap is for lull run only; leave it out
                    vm stop                                 | 'ID'
                    vm stop a --grace soon                  | 'soon' is no time; write for example 30s, 500ms or 5m
                    vm attach-disk a                        | '--disk=path=FILE[,...]'
                    vm send-keys a ctrl-c                   | 'ctrl-c' cannot be pressed; there is only ctrl-alt-del
                    top --interval 1ms                      | --interval: give at least 100ms
                    top --iterations 0                      | --iterations: give at least 1
                    top --sort frob                         | 'frob'
                    """)
    void usage(String line, String said) {
        assertRefused(said, arguments(line));
    }

    @ParameterizedTest
    @Requires(Facility.KVM)
    @CsvSource(delimiter = '|', textBlock = """
                    run --kernel BOOT --memory 0            | at least 16 MiB
                    run --kernel BOOT --memory -5M          | at least 16 MiB
                    run --kernel BOOT --memory 20000001     | multiple of 4 KiB
                    run --kernel BOOT --memory 1048576G     | this host has
                    run --kernel BOOT --cpus 0              | 0 vCPUs: a machine has 1 to 32
                    run --kernel BOOT --cpus 33             | 33 vCPUs: a machine has 1 to 32
                    run --kernel BOOT --cpus -1             | -1 vCPUs: a machine has 1 to 32
                    run --kernel BOOT --disk path=DIR/none  | disk DIR/none: there is no such file
                    run --kernel BOOT --disk path=DIR       | disk DIR: this is a directory
                    run --kernel BOOT --disk path=DIR/noise | disk DIR/noise: its size
                    run --kernel BOOT --disk path=DIR/empty | disk DIR/empty
                    run --kernel BOOT --disk path=DIR/sparse --disk path=DIR/sparse | disk DIR/sparse: another virtual machine has it open
                    run --kernel BOOT --disk path=DIR/sparse,queues=17 | disk disk0: 17 queues; a disk has 1 to 16
                    run --kernel BOOT --disk path=DIR/sparse,serial=123456789012345678901 | serial number '123456789012345678901'
                    run --kernel BOOT --disk path=DIR/sparse,id=a/b | device id 'a/b': write letters
                    run --kernel BOOT --disk path=DIR/sparse,id=x --net tap=none,id=x | two devices with id x
                    run --kernel BOOT --net user-tap,mac=02:00:00:00:00:01 --net user-tap,mac=02:00:00:00:00:01 | net0 and net1 both have MAC 02:00:00:00:00:01
                    run --kernel BOOT --net tap=lull-none   | tap lull-none:
                    run --kernel BOOT --rng --counters-file /proc/none/c | counters file /proc/none/c cannot be written
                    run --kernel BOOT --vsock cid=2,uds=DIR/s | lull: vsock cid 2 is not a guest
                    run --kernel BOOT --vsock cid=3,uds=DIR/noise | lull: vsock DIR/noise
                    run --kernel BOOT --vsock cid=3,uds=DIR/none/s | lull: vsock DIR/none/s
                    run --kernel BOOT --balloon 16T         | balloon balloon0: 17592186044416 bytes; it takes less
                    run --kernel BOOT --balloon -1M         | balloon
                    run --kernel DIR                        | kernel DIR: is a directory
                    run --kernel DIR/none                   | kernel DIR/none: no such file
                    run --kernel DIR/empty                  | kernel DIR/empty: is empty
                    run --kernel DIR/noise                  | kernel DIR/noise: not a bzImage
                    run --kernel DIR/cut                    | kernel DIR/cut: is
                    run --kernel DIR/large --memory 64M     | kernel DIR/large: needs memory up to 1040 MiB
                    run --kernel BOOT --initrd DIR          | initrd DIR: is a directory
                    run --kernel BOOT --initrd DIR/none     | initrd DIR/none: no such file
                    run --kernel BOOT --initrd DIR/empty    | initrd DIR/empty: is empty
                    run --kernel BOOT --initrd DIR/sparse   | initrd DIR/sparse: is 1024 MiB
                    vm create a --config DIR/none           | lull: --config DIR/none: there is no such file
                    vm create a --config DIR/noise          | lull: --config DIR/noise: is not JSON:
                    run --kernel BOOT --cmdline LONG        | command line: is 3000 bytes long
                    """)
    void configuration(String line, String said) throws IOException {
        Files.createFile(directory.resolve("empty"));
        Files.writeString(directory.resolve("noise"), "no kernel at all ".repeat(1000));
        byte[] elf = Files.readAllBytes(BareKernel.RESET.in(directory));
        Files.write(directory.resolve("cut"), Arrays.copyOf(elf, 70));
        Files.move(BareKernel.ofBytes(1L << 30).in(directory), directory.resolve("large"));
        Files.deleteIfExists(directory.resolve("bare.elf"));
        try (var sparse = new RandomAccessFile(directory.resolve("sparse").toFile(), "rw")) {
            sparse.setLength(1L << 30);
        }
        List<String> before = Lull.entries(directory);
        assertRefused(said.replace("DIR", directory.toString()), arguments(line));
        assertThat(Lull.entries(directory)).containsExactlyInAnyOrderElementsOf(before);
    }

    @Test
    @Requires(Facility.KVM)
    void aNameWithLineEndsStaysOnOneLine() {
        assertRefused("no such file", "run", "--kernel", "/no\nsuch\u001b[31m\nkernel");
    }

    @Test
    void debugShowsWhere() {
        Lull.Result result = Lull.run("run", "--kernel", "none", "--cpus", "0", "--debug");
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.err()).contains("\tat dev.lull.agent.machine.MachineConfig");
    }

    private String[] arguments(String line) {
        List<String> arguments = new ArrayList<>();
        for (String word : line == null ? new String[0] : line.strip().split(" +")) {
            arguments.add(word.replace("BOOT", Payload.BOOT.toString())
                    .replace("DIR", directory.toString())
                    .replace("LONG", "x".repeat(3000)));
        }
        arguments.removeIf(String::isEmpty);
        return arguments.toArray(String[]::new);
    }

    private static void assertRefused(String said, String... arguments) {
        Lull.Result result = Lull.run(arguments);
        assertThat(result.errLines()).hasSize(1);
        assertThat(result.err()).startsWith("lull").contains(said);
        assertThat(result.out()).isEmpty();
        assertThat(result.status()).isEqualTo(2);
    }
}
