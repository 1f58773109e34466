package dev.lull.idle;

import dev.lull.linux.CConstants;
import dev.lull.linux.CStruct;

/** Numbers and layouts of {@code native/core/lullidle.h}, {@code lullscan.h} and {@code lullcopy.h}. */
final class IdleLayout {
    private static final String IDLE = "lullidle.h";
    private static final String SCAN = "lullscan.h";
    private static final String COPY = "lullcopy.h";

    @CConstants(IDLE)
    static final class Constants {
        static final int LULL_IDLE_GAP_BUCKETS = 32;
        static final int LULL_STEP_BUCKETS = 3840;
        static final int LULL_STEP_DONE = 0;
        static final int LULL_STEP_MORE = 1;
        static final int LULL_STEP_BLOCKED = 2;
        static final int LULL_IDLE_REQUESTED = 3;
        static final int LULL_IDLE_CONFIRMED = 0;
        static final int LULL_IDLE_SCHED_IDLE = 1;
        static final int LULL_IDLE_NICE_19 = 2;
        static final int LULL_IDLE_NORMAL = 3;
        static final int LULL_RECORD_STEP = 1;
        static final int LULL_RECORD_REST = 2;
        static final int LULL_OUTCOME_PREEMPTED = 16;

        private Constants() {}
    }

    @CStruct(value = "lull_task", header = IDLE)
    static final class Task {
        static final int SIZE = 40;
        static final int STEP = 0;
        static final int UNITS = 16;
        static final int BYTES = 24;
        static final int ID = 32;

        private Task() {}
    }

    @CStruct(value = "lull_account", header = IDLE)
    static final class Account {
        static final int SIZE = 30744;
        static final int STEPS = 0;
        static final int PREEMPTED = 8;
        static final int WORKED_NANOS = 16;
        static final int BUCKETS = 24;

        private Account() {}
    }

    @CStruct(value = "lull_idle_vcpu", header = IDLE)
    static final class Vcpu {
        static final int SIZE = 824;
        static final int STATS_FD = 0;
        static final int VALUES = 4;
        static final int VALUES_OFFSET = 8;
        static final int BLOCKING = 16;
        static final int HALT_WAIT_HIST = 20;
        static final int HALT_WAKEUP = 24;

        private Vcpu() {}
    }

    @CStruct(value = "lull_idle_loop", header = IDLE)
    static final class Loop {
        static final int SIZE = 16;
        static final int EPOLL_FD = 0;
        static final int ELSEWHERE = 4;
        static final int BUSY = 8;

        private Loop() {}
    }

    @CStruct(value = "lull_idle_record", header = IDLE)
    static final class Entry {
        static final int SIZE = 32;
        static final int BEGIN_NANOS = 0;
        static final int END_NANOS = 8;
        static final int HALTS = 16;
        static final int BEGIN_CPU = 24;
        static final int END_CPU = 26;
        static final int TASK = 28;
        static final int KIND = 30;
        static final int OUTCOME = 31;

        private Entry() {}
    }

    @CStruct(value = "lull_idle", header = IDLE)
    static final class Idle {
        static final int SIZE = 232;
        static final int REQUEST = 0;
        static final int REQUEST_FD = 4;
        static final int POLICY = 8;
        static final int VCPU_COUNT = 12;
        static final int LOOP_COUNT = 16;
        static final int RECORD_CAPACITY = 20;
        static final int HOME_CPU = 24;
        static final int VCPUS = 32;
        static final int LOOPS = 40;
        static final int RECORDS = 48;
        static final int RECORD_COUNT = 56;
        static final int ACCOUNT = 64;
        static final int MIN_STEP_NANOS = 72;
        static final int MAX_STEP_NANOS = 80;
        static final int BATCH_NANOS = 88;
        static final int PATIENCE_NANOS = 96;
        static final int STEPS = 104;
        static final int PREEMPTED = 112;
        static final int AWAKE = 120;
        static final int IO_FIRST = 128;
        static final int DECLINED = 136;

        private Idle() {}
    }

    @CStruct(value = "lull_region", header = SCAN)
    static final class Region {
        static final int SIZE = 16;
        static final int HOST = 0;
        static final int BYTES = 8;

        private Region() {}
    }

    @CStruct(value = "lull_fingerprint_task", header = SCAN)
    static final class Fingerprint {
        static final int SIZE = 224;
        static final int REGIONS = 40;
        static final int REGION_COUNT = 48;
        static final int WHOLE = 56;
        static final int OWN__SLOTS = 144;
        static final int OWN__CAPACITY = 152;
        static final int BASE__SLOTS = 168;
        static final int BASE__CAPACITY = 176;
        static final int ABSENT_PAGES = 192;
        static final int ZERO_PAGES = 200;
        static final int BASE_PAGES = 208;
        static final int DUPLICATE_PAGES = 216;

        private Fingerprint() {}
    }

    @CStruct(value = "lull_copy_region", header = COPY)
    static final class CopyRegion {
        static final int SIZE = 48;
        static final int HOST = 0;
        static final int BYTES = 8;
        static final int FILE_OFFSET = 16;
        static final int DIRTY = 24;
        static final int WRITTEN = 32;
        static final int SLOT = 40;

        private CopyRegion() {}
    }

    @CStruct(value = "lull_copy_task", header = COPY)
    static final class Copy {
        static final int SIZE = 192;
        static final int VM_FD = 40;
        static final int FILE_FD = 44;
        static final int PAGEMAP_FD = 48;
        static final int LOGGED = 56;
        static final int FIRST = 60;
        static final int REGIONS = 64;
        static final int REGION_COUNT = 72;
        static final int FAILURE = 184;

        private Copy() {}
    }

    private IdleLayout() {}
}
