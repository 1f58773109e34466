package dev.lull.idle;

import dev.lull.linux.CConstants;
import dev.lull.linux.CStruct;

/** Numbers and layouts of {@code native/core/lulltouch.h}. */
final class TouchLayout {
    private static final String TOUCH = "lulltouch.h";

    @CConstants(TOUCH)
    static final class Constants {
        static final int LULL_CHUNK_PAGES = 512;

        private Constants() {}
    }

    @CStruct(value = "lull_piece", header = TOUCH)
    static final class Piece {
        static final int SIZE = 16;
        static final int HOST = 0;
        static final int PAGES = 8;

        private Piece() {}
    }

    @CStruct(value = "lull_touch_task", header = TOUCH)
    static final class Touch {
        static final int SIZE = 144;
        static final int PIECES = 40;
        static final int PIECE_COUNT = 48;
        static final int USERFAULTS_FD = 56;
        static final int STATS_FD = 60;
        static final int VALUES_OFFSET = 64;
        static final int PAGES_4K = 72;
        static final int PAGES_2M = 80;
        static final int PAGES_1G = 88;
        static final int NEXT = 96;
        static final int COUNTS = 104;
        static final int LOOKED_PAGES = 112;
        static final int TOUCHED_PAGES = 120;
        static final int SUM_OF_SQUARES = 128;
        static final int ERROR = 136;

        private Touch() {}
    }

    private TouchLayout() {}
}
