package dev.lull.linux;

/** System call numbers of x86-64, {@code asm/unistd_64.h}. */
@CConstants("asm/unistd_64.h")
final class SyscallNumber {
    static final int __NR_read = 0;
    static final int __NR_write = 1;
    static final int __NR_close = 3;
    static final int __NR_poll = 7;
    static final int __NR_mmap = 9;
    static final int __NR_munmap = 11;
    static final int __NR_ioctl = 16;
    static final int __NR_pread64 = 17;
    static final int __NR_readv = 19;
    static final int __NR_writev = 20;
    static final int __NR_mincore = 27;
    static final int __NR_madvise = 28;
    static final int __NR_dup2 = 33;
    static final int __NR_getpid = 39;
    static final int __NR_socket = 41;
    static final int __NR_connect = 42;
    static final int __NR_shutdown = 48;
    static final int __NR_bind = 49;
    static final int __NR_listen = 50;
    static final int __NR_getsockopt = 55;
    static final int __NR_fcntl = 72;
    static final int __NR_fdatasync = 75;
    static final int __NR_ftruncate = 77;
    static final int __NR_unlink = 87;
    static final int __NR_setpriority = 141;
    static final int __NR_sched_setscheduler = 144;
    static final int __NR_gettid = 186;
    static final int __NR_sched_setaffinity = 203;
    static final int __NR_sched_getaffinity = 204;
    static final int __NR_clock_gettime = 228;
    static final int __NR_epoll_ctl = 233;
    static final int __NR_tgkill = 234;
    static final int __NR_openat = 257;
    static final int __NR_epoll_pwait = 281;
    static final int __NR_fallocate = 285;
    static final int __NR_accept4 = 288;
    static final int __NR_timerfd_create = 283;
    static final int __NR_timerfd_settime = 286;
    static final int __NR_eventfd2 = 290;
    static final int __NR_epoll_create1 = 291;
    static final int __NR_getrandom = 318;
    static final int __NR_memfd_create = 319;
    static final int __NR_userfaultfd = 323;
    static final int __NR_preadv2 = 327;
    static final int __NR_pwritev2 = 328;
    static final int __NR_statx = 332;
    static final int __NR_io_uring_setup = 425;
    static final int __NR_io_uring_enter = 426;

    private SyscallNumber() {}
}
