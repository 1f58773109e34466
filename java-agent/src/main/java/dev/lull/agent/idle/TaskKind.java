package dev.lull.agent.idle;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.Management;
import java.util.Locale;

/** Tasks that can be asked for by name. */
public enum TaskKind {
    /** {@link FingerprintTask}. */
    FINGERPRINTS {
        @Override
        public Task on(Management machine, TaskFiles files) {
            return files.base() == null
                    ? new FingerprintTask(machine.memory())
                    : new FingerprintTask(machine.memory(), files.base());
        }
    },

    /** {@link PreCopyTask}. */
    PRE_COPY {
        @Override
        public Task on(Management machine, TaskFiles files) {
            if (files.copy() == null) {
                throw new ConfigException(
                        "pre-copy needs a file to copy the guest's memory to; lull run has --idle-copy for that, lulld nothing yet");
            }
            return new PreCopyTask(machine, files.copy());
        }
    },

    /** {@link ZeroPagesTask}. */
    ZERO_PAGES {
        @Override
        public Task on(Management machine, TaskFiles files) {
            return new ZeroPagesTask(machine);
        }
    },

    /** {@link WorkingSetTask}. */
    WORKING_SET {
        @Override
        public Task on(Management machine, TaskFiles files) {
            return new WorkingSetTask(machine);
        }
    },

    /** {@link RollUpTask}. */
    ROLL_UP {
        @Override
        public Task on(Management machine, TaskFiles files) {
            return new RollUpTask(machine);
        }
    };

    /**
     * The task, for one machine.
     *
     * @throws dev.lull.agent.machine.ConfigException if a file cannot be used
     * @throws dev.lull.idle.IdleUnavailable if this host does not have what it needs
     */
    public abstract Task on(Management machine, TaskFiles files);

    /** As on the command line and in the API, for example {@code zero-pages}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
