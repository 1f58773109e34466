package dev.lull.paravirt.clock;

import dev.lull.kvm.HostTsc;
import dev.lull.linux.Errno;
import dev.lull.linux.Fd;
import dev.lull.linux.LinuxConstants;
import dev.lull.linux.LinuxException;
import dev.lull.linux.Mapping;

/**
 * The counter in a guest: the page that the module {@code lull_pv} has as a device, mapped, and a reader of it. Reading
 * makes no system call.
 *
 * <p>It needs Lull's native core, for the processor's counter.
 */
public final class CounterDevice implements AutoCloseable {
    /** Where the module has it. */
    public static final String PATH = "/dev/lull_counter";

    private final Mapping mapping;
    private final CounterReader reader;

    private CounterDevice(Mapping mapping) {
        this.mapping = mapping;
        this.reader = new CounterReader(mapping.segment(), HostTsc::read);
    }

    /**
     * Maps the page of {@link #PATH}.
     *
     * @throws CounterException if there is no such device, it may not be read, or there is no native core
     */
    public static CounterDevice open() {
        return open(PATH);
    }

    static CounterDevice open(String path) {
        if (!HostTsc.isReadable()) {
            throw new CounterException("reading the counter needs Lull's native core, and there is none;"
                    + " name it by -Dlull.core.library=");
        }
        Mapping mapping = map(path);
        try {
            return new CounterDevice(mapping);
        } catch (IllegalArgumentException e) {
            mapping.close();
            throw new CounterException(path + ": " + e.getMessage(), e);
        }
    }

    private static Mapping map(String path) {
        try (Fd device = Fd.open(path, LinuxConstants.O_RDONLY)) {
            return Mapping.sharedReadOnly(device, 0, Mapping.PAGE_BYTES);
        } catch (LinuxException e) {
            String remedy = e.errno() == Errno.ENOENT
                    ? "; load the module lull_pv, in a guest that was started by lull run --counter scaled"
                    : "";
            throw new CounterException(e.getMessage() + remedy, e);
        }
    }

    /** Of the page, until this is closed. */
    public CounterReader reader() {
        return reader;
    }

    /** Nobody may be reading. */
    @Override
    public void close() {
        mapping.close();
    }
}
