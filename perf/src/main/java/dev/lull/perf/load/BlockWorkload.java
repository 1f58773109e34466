package dev.lull.perf.load;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** fio on a disk that is a file in memory, as large as it looks: every block has been written. */
final class BlockWorkload implements Workload {
    private static final int DISK_MIB = 128;

    /** Prints what fio says of its one job; all of fio's latencies are in the bins. */
    private static final String RESULT = ".jobs[0] | (.read, .write) | select(.total_ios > 0)"
            + " | \"rate=\\(.iops | round)*1\", \"latency=\\(.lat_ns.bins | to_entries"
            + " | map(\"\\(.key)*\\(.value)\") | join(\",\"))\"";

    private final Path directory;

    /** @param directory in memory */
    BlockWorkload(Path directory) {
        this.directory = directory;
    }

    @Override
    public Device device(int number) throws IOException {
        Path file = directory.resolve("disk" + number);
        byte[] mebibyte = new byte[1 << 20];
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int i = 0; i < DISK_MIB; i++) {
                out.write(mebibyte);
            }
        }
        return new Device.Disk(file);
    }

    @Override
    public String prepare(int number) {
        return "";
    }

    @Override
    public List<Work> work(int number) {
        List<Work> all = new ArrayList<>();
        for (String direction : List.of("randread", "randwrite")) {
            all.add(fio(direction, "4k", 1, 1000));
            all.add(fio(direction, "4k", 32, 4000));
        }
        for (String direction : List.of("read", "write")) {
            all.add(fio(direction, "128k", 4, 800));
        }
        return all;
    }

    private static Work fio(String direction, String block, int depth, int requests) {
        return new Work(
                "%s-%s-depth-%d".formatted(direction, block, depth),
                ("fio --name=work --filename=/dev/vdb --direct=1 --ioengine=libaio --thread --rw=%s --bs=%s --iodepth=%d"
                                + " --number_ios=%d --lat_percentiles=1 --clat_percentiles=0 --eta=never"
                                + " --output-format=json+ --output=/tmp/fio && jq -r '%s' /tmp/fio")
                        .formatted(direction, block, depth, requests, RESULT));
    }

    @Override
    public void close() {
        // The worker deletes the directory.
    }
}
