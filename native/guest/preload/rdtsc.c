/*
 * A program that executes RDTSC itself, as if it had never heard of Lull. Dynamically linked, so that the library beside it
 * can be preloaded; the processor's counter, or what it takes for that, is measured by CLOCK_MONOTONIC_RAW.
 *
 *   rdtsc rate N      executes RDTSC N times
 *   rdtsc reads N     how long RDTSC takes: means of 1000, N times
 *   rdtsc manners     does what a program may do besides, and which of it goes as it should
 *
 * It prints
 *
 *   first=N last=N back=N per_second=N read_nanos=N    back: how often it was less than before; what one took, on average
 *   PICOS*COUNT,PICOS*COUNT...              reads, in the order of their picoseconds
 *   processor=N clocks=N errno=N handler=N blocked=N child=N        1 if it went as it should, otherwise 0:
 *     processor   RDTSCP names the processor
 *     clocks      a clock of the vDSO's goes on as the kernel's does
 *     errno       RDTSC leaves errno as it was
 *     handler     a fault of the program's own goes to the handler of its own, and so does the next
 *     blocked     RDTSC works in a thread that has all signals blocked, and in a handler
 *     child       a program that it starts runs, and comes to its end
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../tool/reads.h"

enum { FAULTS = 3, CLOCK_READS = 100 };

static sigjmp_buf after_fault;
static volatile char *volatile nowhere = (char *)16;
static volatile uint64_t in_handler;

static uint64_t rdtsc(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t rdtscp(uint32_t *processor) {
    uint32_t low, high;
    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(*processor) : : "memory");
    return (uint64_t)high << 32 | low;
}

static void rate(unsigned long count) {
    uint64_t started = nanos(), first = rdtsc(), last = first, back = 0;
    for (unsigned long i = 2; i < count; i++) {
        uint64_t now = rdtsc();
        back += now < last;
        last = now;
    }
    uint64_t ended = nanos(), final = rdtsc();
    back += final < last;
    uint64_t took = ended - started;
    printf("first=%llu last=%llu back=%llu per_second=%.0f read_nanos=%llu\n", (unsigned long long)first,
           (unsigned long long)final, (unsigned long long)back, (double)(final - first) * 1e9 / (double)took,
           (unsigned long long)took / count);
}

static bool names_the_processor(void) {
    cpu_set_t all, one;
    sched_getaffinity(0, sizeof all, &all);
    bool right = true;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &all))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one);
        uint32_t named;
        uint64_t before = rdtsc();
        right = rdtscp(&named) > before && (named & 0xfff) == (uint32_t)cpu && right;
    }
    sched_setaffinity(0, sizeof all, &all);
    return right;
}

static bool clocks_agree(void) {
    for (int i = 0; i < CLOCK_READS; i++) {
        uint64_t before = nanos_by_system_call(), between = nanos(), after = nanos_by_system_call();
        if (between < before || between > after)
            return false;
    }
    return true;
}

static bool leaves_errno(void) {
    errno = E2BIG;
    rdtsc();
    return errno == E2BIG;
}

static void on_fault(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    in_handler = info->si_addr == (const void *)nowhere ? rdtsc() : 0;
    siglongjmp(after_fault, 1);
}

static bool has_its_handler(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO}, set;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGSEGV, NULL, &set);
    volatile int faults = 0;
    for (volatile int i = 0; i < FAULTS; i++) {
        in_handler = 0;
        if (sigsetjmp(after_fault, 1) == 0)
            *nowhere = 1;
        else if (in_handler > 0 && rdtsc() > in_handler)
            faults++;
    }
    signal(SIGSEGV, SIG_DFL);
    return faults == FAULTS && set.sa_sigaction == on_fault;
}

static void on_signal(int number) {
    (void)number;
    in_handler = rdtsc();
}

static void *read_with_all_blocked(void *unused) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    uint64_t before = rdtsc();
    return rdtsc() > before ? &after_fault : unused;
}

static bool works_where_signals_are_blocked(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigfillset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    in_handler = 0;
    raise(SIGUSR1);
    pthread_t thread;
    void *worked = NULL;
    if (pthread_create(&thread, NULL, read_with_all_blocked, NULL) != 0 || pthread_join(thread, &worked) != 0)
        return false;
    return worked != NULL && in_handler > 0;
}

extern char **environ;

static bool starts_programs(void) {
    char *arguments[] = {"true", NULL};
    char *nothing[] = {NULL};
    int status = -1;
    pid_t child;
    if (system("exit 7") != 7 << 8)
        return false;
    if (posix_spawnp(&child, "true", NULL, NULL, arguments, environ) != 0 || waitpid(child, &status, 0) != child ||
        status != 0)
        return false;
    child = fork();
    if (child == 0) {
        rdtsc();
        execle("/bin/true", "true", NULL, nothing);
        _exit(1);
    }
    return waitpid(child, &status, 0) == child && status == 0;
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    unsigned long reads = count == 3 ? strtoul(arguments[2], NULL, 10) : 0;
    if (reads >= 2 && strcmp(what, "rate") == 0) {
        rate(reads);
    } else if (reads > 0 && reads <= MOST_RUNS && strcmp(what, "reads") == 0) {
        time_reads(rdtsc, reads);
    } else if (count == 2 && strcmp(what, "manners") == 0) {
        printf("processor=%d clocks=%d errno=%d", names_the_processor(), clocks_agree(), leaves_errno());
        printf(" handler=%d blocked=%d", has_its_handler(), works_where_signals_are_blocked());
        fflush(stdout);
        printf(" child=%d\n", starts_programs());
    } else {
        fprintf(stderr, "usage: rdtsc rate N | reads N | manners\n");
        return 2;
    }
    return 0;
}
