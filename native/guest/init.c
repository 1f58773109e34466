/*
 * First process of the small guest (L2) for demonstrations and measurements, under any monitor with a console.
 *
 * Its very first action is the line "lull-guest: init"; next it writes 123 to port 0x3f0 (Firecracker's boot timer).
 * Then it does what the kernel command line's lull.do= says: report, poweroff, reboot, echo or shell (default).
 * Freestanding, no libc: a libc's start-up asks CPUID dozens of times, each an exit, before main could print.
 */
#include <asm/signal.h>
#include <asm/unistd_64.h>
#include <linux/fcntl.h>
#include <linux/reboot.h>
#include <stddef.h>

#define BOOT_TIMER_PORT 0x3f0
#define BOOT_TIMER_INIT 123
#define PREFIX "lull-guest: "

static long call(long number, long a, long b, long c, long d, long e) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

void *memcpy(void *to, const void *from, size_t length) {
    char *out = to;
    const char *in = from;
    while (length-- > 0)
        *out++ = *in++;
    return to;
}

void *memset(void *to, int value, size_t length) {
    char *out = to;
    while (length-- > 0)
        *out++ = (char)value;
    return to;
}

static size_t length_of(const char *text) {
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

static int starts_with(const char *text, const char *prefix) {
    while (*prefix != '\0')
        if (*text++ != *prefix++)
            return 0;
    return 1;
}

static int equals(const char *a, const char *b) { return starts_with(a, b) && a[length_of(b)] == '\0'; }

/*
 * Writes the boot timer's port. QEMU's emulated SVM refuses port I/O of user processes once its user has set the task
 * register through KVM_SET_SREGS (it takes a busy TSS for none), whatever ioperm says: then the fault is stepped over
 * and there is no timer, only the line on the console.
 */
__asm__(".globl boot_timer_fault, boot_timer_restorer\n"
        "boot_timer_fault:\n"
        "    lea boot_timer_done(%rip), %rax\n"
        "    mov %rax, 168(%rdx)\n" /* ucontext.uc_mcontext.rip */
        "    ret\n"
        "boot_timer_restorer:\n"
        "    mov $15, %eax\n" /* rt_sigreturn */
        "    syscall\n");
void boot_timer_fault(int signal);
void boot_timer_restorer(void);

static void write_boot_timer(void) {
    struct {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } action = {boot_timer_fault, SA_RESTORER | SA_SIGINFO | SA_RESETHAND, boot_timer_restorer, 0};

    if (call(__NR_ioperm, BOOT_TIMER_PORT, 1, 1, 0, 0) != 0)
        return;
    call(__NR_rt_sigaction, SIGSEGV, (long)&action, 0, sizeof action.mask, 0);
    __asm__ volatile("outb %0, %1\nboot_timer_done:" : : "a"((unsigned char)BOOT_TIMER_INIT), "d"((unsigned short)BOOT_TIMER_PORT));
}

/* Lines are gathered and written whole, so that a kernel message cannot cut one in two. */
static char line[2048];
static size_t line_length;

static void put(const char *text) {
    size_t length = length_of(text);
    if (length > sizeof line - 1 - line_length)
        length = sizeof line - 1 - line_length;
    memcpy(line + line_length, text, length);
    line_length += length;
}

static void put_number(unsigned long value) {
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    put(digits + at);
}

static void end_line(void) {
    line[line_length++] = '\n';
    for (size_t done = 0; done < line_length;) {
        long put_now = call(__NR_write, 1, (long)(line + done), (long)(line_length - done), 0, 0);
        if (put_now <= 0)
            break;
        done += (size_t)put_now;
    }
    line_length = 0;
}

static void say(const char *key, const char *value) {
    put(PREFIX);
    put(key);
    put("=");
    put(value);
    end_line();
}

static void say_number(const char *key, unsigned long value) {
    put(PREFIX);
    put(key);
    put("=");
    put_number(value);
    end_line();
}

/* The file's text, without its last newline; empty if it cannot be read. */
static const char *read_text(const char *path, char *buffer, size_t size) {
    long fd = call(__NR_open, (long)path, O_RDONLY, 0, 0, 0);
    size_t length = 0;
    if (fd >= 0) {
        long got;
        while (length < size - 1 && (got = call(__NR_read, fd, (long)(buffer + length), (long)(size - 1 - length), 0, 0)) > 0)
            length += (size_t)got;
        call(__NR_close, fd, 0, 0, 0, 0);
    }
    if (length > 0 && buffer[length - 1] == '\n')
        length--;
    buffer[length] = '\0';
    return buffer;
}

static unsigned long number_at(const char *text) {
    unsigned long value = 0;
    while (*text == ' ')
        text++;
    while (*text >= '0' && *text <= '9')
        value = value * 10 + (unsigned long)(*text++ - '0');
    return value;
}

static const char *find(const char *text, const char *word) {
    for (; *text != '\0'; text++)
        if (starts_with(text, word))
            return text + length_of(word);
    return NULL;
}

static unsigned long entries_in(const char *directory) {
    struct entry {
        unsigned long inode, offset;
        unsigned short size;
        unsigned char type;
        char name[];
    };
    static char buffer[4096] __attribute__((aligned(8)));
    unsigned long count = 0;
    long fd = call(__NR_open, (long)directory, O_RDONLY | O_DIRECTORY, 0, 0, 0), got;
    if (fd < 0)
        return 0;
    while ((got = call(__NR_getdents64, fd, (long)buffer, sizeof buffer, 0, 0)) > 0)
        for (long at = 0; at < got; at += ((struct entry *)(buffer + at))->size)
            count += ((struct entry *)(buffer + at))->name[0] != '.';
    call(__NR_close, fd, 0, 0, 0, 0);
    return count;
}

/* CPUs in a list such as "0-3,5". */
static unsigned long cpus_in(const char *list) {
    unsigned long count = 0;
    while (*list != '\0') {
        unsigned long first = number_at(list), last = first;
        while (*list >= '0' && *list <= '9')
            list++;
        if (*list == '-') {
            last = number_at(++list);
            while (*list >= '0' && *list <= '9')
                list++;
        }
        count += last - first + 1;
        if (*list != ',')
            break;
        list++;
    }
    return count;
}

static void restart(void) {
    call(__NR_reboot, (long)LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART, 0, 0);
}

/* Without ACPI there is no power switch and the kernel would halt for ever: a restart at least ends the monitor's run. */
static void power_off(void) {
    if (call(__NR_access, (long)"/sys/firmware/acpi", 0, 0, 0, 0) == 0)
        call(__NR_reboot, (long)LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF, 0, 0);
    restart();
}

static void report(void) {
    static char text[8192];
    const char *at;
    say("kernel", read_text("/proc/sys/kernel/osrelease", text, sizeof text));
    say("cmdline", read_text("/proc/cmdline", text, sizeof text));
    say_number("cpus_online", cpus_in(read_text("/sys/devices/system/cpu/online", text, sizeof text)));
    at = find(read_text("/proc/meminfo", text, sizeof text), "MemTotal:");
    say_number("mem_total_kib", at != NULL ? number_at(at) : 0);
    read_text("/sys/devices/system/clocksource/clocksource0/current_clocksource", text, sizeof text);
    say("clocksource", text);
    say("acpi", call(__NR_access, (long)"/sys/firmware/acpi", 0, 0, 0, 0) == 0 ? "yes" : "no");
    say_number("pci_devices", entries_in("/sys/bus/pci/devices"));
    say_number("virtio_devices", entries_in("/sys/bus/virtio/devices"));
    at = find(read_text("/proc/uptime", text, sizeof text), "."); /* "12.34 ...": always two decimals */
    say_number("uptime_ms", number_at(text) * 1000 + (at != NULL ? number_at(at) * 10 : 0));
}

static void echo(void) {
    static char typed[1024];
    size_t length = 0;
    char byte;
    while (call(__NR_read, 0, (long)&byte, 1, 0, 0) == 1) {
        if (byte != '\n') {
            if (byte != '\r' && length < sizeof typed - 1)
                typed[length++] = byte;
            continue;
        }
        typed[length] = '\0';
        length = 0;
        if (equals(typed, "poweroff"))
            return;
        if (equals(typed, "reboot"))
            restart();
        if (equals(typed, "report")) {
            report();
            continue;
        }
        put("echo: ");
        put(typed);
        end_line();
    }
}

static long run(const char *const *arguments) {
    static const char *const environment[] = {"PATH=/bin", "HOME=/root", "TERM=linux", NULL};
    long child = call(__NR_fork, 0, 0, 0, 0, 0);
    if (child == 0) {
        call(__NR_execve, (long)"/bin/busybox", (long)arguments, (long)environment, 0, 0);
        call(__NR_exit, 127, 0, 0, 0, 0);
    }
    while (child > 0 && call(__NR_wait4, -1, 0, 0, 0, 0) != child)
        ;
    return child;
}

static void shell(void) {
    static const char *const install[] = {"busybox", "--install", "-s", "/bin", NULL};
    static const char *const start[] = {"busybox", "setsid", "busybox", "cttyhack", "busybox", "sh", "-l", NULL};
    run(install);
    run(start); /* the shell's end is the guest's end */
}

__attribute__((noreturn, used)) void init_main(void) {
    static char cmdline[4096];

    put(PREFIX "init");
    end_line();
    write_boot_timer();

    call(__NR_mount, (long)"dev", (long)"/dev", (long)"devtmpfs", 0, 0);
    call(__NR_mount, (long)"proc", (long)"/proc", (long)"proc", 0, 0);
    call(__NR_mount, (long)"sys", (long)"/sys", (long)"sysfs", 0, 0);

    const char *action = find(read_text("/proc/cmdline", cmdline, sizeof cmdline), "lull.do=");
    if (action == NULL)
        action = "shell";
    if (starts_with(action, "reboot"))
        restart();
    else if (starts_with(action, "report"))
        report();
    else if (starts_with(action, "echo"))
        echo();
    else if (!starts_with(action, "poweroff"))
        shell();
    power_off();
    for (;;)
        call(__NR_pause, 0, 0, 0, 0, 0);
}

__asm__(".globl _start\n_start:\n    xor %ebp, %ebp\n    and $-16, %rsp\n    call init_main\n");
