package dev.lull.linux;

/** Flags of the system calls this package makes, by their C names. */
@CConstants({
    "fcntl.h",
    "sys/mman.h",
    "linux/memfd.h",
    "sys/epoll.h",
    "sys/eventfd.h",
    "sys/timerfd.h",
    "linux/sched.h",
    "signal.h",
    "sys/socket.h"
})
public final class LinuxConstants {
    public static final int AT_FDCWD = -100;
    public static final int O_RDONLY = 0;
    public static final int O_RDWR = 2;
    public static final int O_CREAT = 0x40;
    public static final int O_TRUNC = 0x200;
    public static final int O_APPEND = 0x400;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_DIRECT = 0x4000;
    public static final int O_CLOEXEC = 0x80000;

    static final int PROT_READ = 1;
    static final int PROT_WRITE = 2;
    static final int MAP_SHARED = 1;
    static final int MAP_PRIVATE = 2;
    static final int MAP_ANONYMOUS = 0x20;
    static final int MAP_NORESERVE = 0x4000;
    static final int MAP_HUGETLB = 0x40000;
    static final int MADV_DONTNEED = 4;
    static final int MADV_HUGEPAGE = 14;
    static final int MADV_POPULATE_WRITE = 23;
    static final int MFD_CLOEXEC = 1;
    static final int MFD_HUGETLB = 4;

    public static final int EPOLLIN = 1;
    public static final int EPOLLOUT = 4;
    public static final int EPOLLERR = 8;
    public static final int EPOLLHUP = 0x10;
    public static final int EPOLLRDHUP = 0x2000;
    public static final long EPOLLET = 1L << 31;
    static final int EPOLL_CLOEXEC = 0x80000;
    static final int EPOLL_CTL_ADD = 1;
    static final int EPOLL_CTL_DEL = 2;
    static final int EFD_CLOEXEC = 0x80000;
    static final int EFD_NONBLOCK = 0x800;
    static final int CLOCK_MONOTONIC = 1;
    static final int TFD_CLOEXEC = 0x80000;
    static final int TFD_NONBLOCK = 0x800;

    static final int SCHED_NORMAL = 0;
    static final int SCHED_IDLE = 5;

    static final int AF_UNIX = 1;
    static final int SOCK_STREAM = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_NONBLOCK = 0x800;
    static final int SOCK_CLOEXEC = 0x80000;
    static final int SOL_SOCKET = 1;
    static final int SO_TYPE = 3;
    static final int SO_PEERCRED = 17;
    static final int SO_ACCEPTCONN = 30;
    static final int SO_DOMAIN = 39;
    static final int SHUT_RD = 0;
    static final int SHUT_WR = 1;

    private LinuxConstants() {}
}
