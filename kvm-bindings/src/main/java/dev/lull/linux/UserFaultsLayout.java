package dev.lull.linux;

/** Numbers and layouts of {@code linux/userfaultfd.h}. */
final class UserFaultsLayout {
    private static final String HEADER = "linux/userfaultfd.h";

    @CConstants(HEADER)
    static final class Constants {
        static final long UFFD_API = 0xaa;
        static final long UFFDIO_API = 0xc018aa3fL;
        static final long UFFDIO_REGISTER = 0xc020aa00L;
        static final long UFFDIO_REGISTER_MODE_WP = 2;
        static final long UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1;
        static final long USERFAULTFD_IOC_NEW = 0xaa00;

        private Constants() {}
    }

    @CStruct(value = "uffdio_api", header = HEADER)
    static final class Api {
        static final int SIZE = 24;
        static final int API = 0;
        static final int FEATURES = 8;

        private Api() {}
    }

    @CStruct(value = "uffdio_register", header = HEADER)
    static final class Register {
        static final int SIZE = 32;
        static final int RANGE__START = 0;
        static final int RANGE__LEN = 8;
        static final int MODE = 16;

        private Register() {}
    }

    private UserFaultsLayout() {}
}
