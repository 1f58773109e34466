package dev.lull.agent.cli.top;

import java.util.Comparator;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** By what machines are sorted: the most first, those of which it is not known last; then by id. */
enum SortKey {
    CPU('c'),
    EXITS('e'),
    DISK('d'),
    NET('n'),
    MEMORY('m'),
    P99('p'),
    ID('i');

    private static final Comparator<TopRow> BY_ID =
            Comparator.comparing(row -> row.vm().id());

    private final char key;

    SortKey(char key) {
        this.key = key;
    }

    /** What {@code key} on the keyboard stands for, if anything. */
    static @Nullable SortKey of(int key) {
        for (SortKey sort : values()) {
            if (sort.key == key) {
                return sort;
            }
        }
        return null;
    }

    Comparator<TopRow> order() {
        return Comparator.comparingDouble(this::known).reversed().thenComparing(BY_ID);
    }

    private double known(TopRow row) {
        double value = measure(row.rates());
        return Double.isNaN(value) ? -1 : value;
    }

    private double measure(VmRates rates) {
        return switch (this) {
            case CPU -> rates.busyPercent();
            case EXITS -> rates.exits();
            case DISK -> rates.requests().disks().bytes();
            case NET -> rates.requests().networkBytes();
            case MEMORY -> rates.residentBytes();
            case P99 -> rates.requests().worstP99Nanos();
            case ID -> 0;
        };
    }

    /** As the foot of the screen has it: {@code c cpu}. */
    String hint() {
        return key + " " + this;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
