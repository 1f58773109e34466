package dev.lull.idle;

import dev.lull.linux.CStruct;

/** Layout of {@code native/core/lullreclaim.h}. */
@CStruct(value = "lull_reclaim_task", header = "lullreclaim.h")
final class ReclaimLayout {
    static final int SIZE = 304;
    static final int REGIONS = 40;
    static final int REGION_COUNT = 48;
    static final int USERFAULTS_FD = 56;
    static final int PAGEMAP_FD = 60;
    static final int READS = 64;
    static final int ABSENT_PAGES = 232;
    static final int ZERO_PAGES = 240;
    static final int RETURNED_PAGES = 248;
    static final int KEPT_PAGES = 256;
    static final int REWRITTEN_PAGES = 264;
    static final int HOLDS = 272;
    static final int LONGEST_HOLD_NANOS = 280;
    static final int PUT_OFF = 288;
    static final int ERROR = 296;

    private ReclaimLayout() {}
}
