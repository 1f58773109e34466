/*
 * What a machine's clock is, in a guest or on its host.
 *
 *   clock sample           a reading of the processor's counter and one of CLOCK_MONOTONIC_RAW of the same moment
 *   clock reads KIND N     how long a read takes: means of 1000, N times; KIND is ticks (the processor's counter), clock
 *                          (CLOCK_MONOTONIC_RAW) or call (the same by a system call)
 *   clock sleep MILLIS N   sleeps as long N times, and tells of the shortest
 *   clock late MILLIS N    the same, and tells how much longer each took, by the clock
 *   clock watch READS      reads it READS times on each processor at once, and counts the times it was less than what
 *                          anyone had read before
 *
 * It prints
 *
 *   ticks=N nanos=N spread=N                       spread: ticks between which the clock was read
 *   PICOS*COUNT,PICOS*COUNT...                      reads, in the order of their picoseconds
 *   slept_nanos=N slept_ticks=N                    by the clock and by the processor's counter
 *   NANOS*COUNT,NANOS*COUNT...                      late
 *   processors=N reads=N back=N
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "reads.h"

enum { TRIES = 1000, MOST_PROCESSORS = 64 };

static _Atomic uint64_t furthest;
static _Atomic uint64_t back;
static _Atomic int waiting;
static uint64_t reads;

static uint64_t ticks(void) {
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* The closest of many: between two others there may have been an interrupt. */
static void sample(void) {
    uint64_t best = UINT64_MAX, at = 0, then = 0;
    for (int i = 0; i < TRIES; i++) {
        uint64_t before = ticks(), now = nanos(), spread = ticks() - before;
        if (spread < best) {
            best = spread;
            at = before + spread / 2;
            then = now;
        }
    }
    printf("ticks=%llu nanos=%llu spread=%llu\n", (unsigned long long)at, (unsigned long long)then,
           (unsigned long long)best);
}

static struct timespec length_of(unsigned long millis) {
    return (struct timespec){.tv_sec = (time_t)(millis / 1000), .tv_nsec = (long)(millis % 1000 * 1000000)};
}

static void tell_late(unsigned long millis, size_t runs) {
    static uint64_t late[MOST_RUNS];
    struct timespec length = length_of(millis);
    for (size_t run = 0; run < runs; run++) {
        uint64_t start = nanos();
        nanosleep(&length, NULL);
        uint64_t slept = nanos() - start;
        late[run] = slept > in_nanos(&length) ? slept - in_nanos(&length) : 0;
    }
    print_counts(late, runs);
}

static void sleep_often(unsigned long millis, unsigned long count) {
    struct timespec length = length_of(millis);
    uint64_t best_nanos = UINT64_MAX, best_ticks = 0;
    for (unsigned long i = 0; i < count; i++) {
        uint64_t start = ticks(), then = nanos();
        nanosleep(&length, NULL);
        uint64_t slept = nanos() - then, passed = ticks() - start;
        if (slept < best_nanos) {
            best_nanos = slept;
            best_ticks = passed;
        }
    }
    printf("slept_nanos=%llu slept_ticks=%llu\n", (unsigned long long)best_nanos, (unsigned long long)best_ticks);
}

static void *watch(void *processor) {
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET((int)(intptr_t)processor, &here);
    if (sched_setaffinity(0, sizeof(here), &here) != 0) {
        perror("sched_setaffinity");
        exit(1);
    }
    atomic_fetch_sub(&waiting, 1);
    while (atomic_load(&waiting) > 0)
        ;
    for (uint64_t i = 0; i < reads; i++) {
        uint64_t before = atomic_load(&furthest), now = nanos();
        if (now < before)
            atomic_fetch_add(&back, 1);
        while (now > before && !atomic_compare_exchange_weak(&furthest, &before, now))
            ;
    }
    return NULL;
}

static void watch_all(void) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    pthread_t threads[MOST_PROCESSORS];
    if (processors > MOST_PROCESSORS)
        processors = MOST_PROCESSORS;
    waiting = (int)processors;
    for (long i = 0; i < processors; i++) {
        if (pthread_create(&threads[i], NULL, watch, (void *)(intptr_t)i) != 0) {
            fprintf(stderr, "clock: no thread for processor %ld\n", i);
            exit(1);
        }
    }
    for (long i = 0; i < processors; i++)
        pthread_join(threads[i], NULL);
    printf("processors=%ld reads=%llu back=%llu\n", processors, (unsigned long long)(reads * (uint64_t)processors),
           (unsigned long long)back);
}

static uint64_t (*reader(const char *kind))(void) {
    return strcmp(kind, "ticks") == 0   ? ticks
           : strcmp(kind, "clock") == 0 ? nanos
           : strcmp(kind, "call") == 0  ? nanos_by_system_call
                                        : NULL;
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    unsigned long runs = count == 4 ? strtoul(arguments[3], NULL, 10) : 0;
    if (count == 2 && strcmp(what, "sample") == 0) {
        sample();
    } else if (runs > 0 && runs <= MOST_RUNS && strcmp(what, "reads") == 0 && reader(arguments[2]) != NULL) {
        time_reads(reader(arguments[2]), runs);
    } else if (runs > 0 && strcmp(what, "sleep") == 0) {
        sleep_often(strtoul(arguments[2], NULL, 10), runs);
    } else if (runs > 0 && runs <= MOST_RUNS && strcmp(what, "late") == 0) {
        tell_late(strtoul(arguments[2], NULL, 10), runs);
    } else if (count == 3 && strcmp(what, "watch") == 0 && (reads = strtoull(arguments[2], NULL, 10)) > 0) {
        watch_all();
    } else {
        fprintf(stderr, "usage: clock sample | reads ticks|clock|call N | sleep MILLIS N | late MILLIS N | watch READS\n");
        return 2;
    }
    return 0;
}
