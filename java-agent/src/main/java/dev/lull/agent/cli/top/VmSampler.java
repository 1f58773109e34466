package dev.lull.agent.cli.top;

import dev.lull.agent.client.VmInfo;
import dev.lull.agent.machine.CountersReading;
import dev.lull.agent.machine.CountersView;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads machines' counters, from files that it keeps mapped as long as their machines are there. Used by one thread. */
final class VmSampler implements AutoCloseable {
    /** A mapped file, and what tells it from another that came in its place. */
    private record Mapped(@Nullable Object fileKey, CountersView view) {}

    private final Map<Path, Mapped> files = new HashMap<>();
    private int denied;

    /** What {@code vms} say now. */
    List<VmSample> sample(List<VmInfo> vms) {
        List<VmSample> samples = new ArrayList<>();
        Set<Path> used = new HashSet<>();
        denied = 0;
        for (VmInfo vm : vms) {
            Path path = vm.countersFile();
            CountersReading counters = path == null ? null : read(path);
            if (counters != null) {
                used.add(path);
            }
            samples.add(new VmSample(vm, System.nanoTime(), counters));
        }
        List.copyOf(files.keySet()).stream()
                .filter(path -> !used.contains(path))
                .forEach(this::unmap);
        return samples;
    }

    /** How many files of the last sample this user may not read. */
    int denied() {
        return denied;
    }

    @Override
    public void close() {
        List.copyOf(files.keySet()).forEach(this::unmap);
    }

    private @Nullable CountersReading read(Path path) {
        try {
            Object fileKey =
                    Files.readAttributes(path, BasicFileAttributes.class).fileKey();
            Mapped mapped = files.get(path);
            if (mapped == null || !Objects.equals(mapped.fileKey, fileKey)) {
                unmap(path);
                mapped = new Mapped(fileKey, CountersView.open(path));
                files.put(path, mapped);
            }
            return mapped.view.read();
        } catch (AccessDeniedException e) {
            denied++;
            return null;
        } catch (IOException e) {
            // The machine is gone, or has just ended.
            return null;
        }
    }

    private void unmap(Path path) {
        Mapped mapped = files.remove(path);
        if (mapped != null) {
            mapped.view.close();
        }
    }
}
