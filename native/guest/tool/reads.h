/* Time, and how long reads of something take as a distribution, for the programs that measure it. */
#ifndef LULL_TOOL_READS_H
#define LULL_TOOL_READS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MOST_RUNS = 100000, READS_A_RUN = 1000 };

static inline uint64_t in_nanos(const struct timespec *time) {
    return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;
}

/* CLOCK_MONOTONIC_RAW, by the vDSO where the clock can be read so. */
static inline uint64_t nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return in_nanos(&now);
}

static inline uint64_t nanos_by_system_call(void) {
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC_RAW, &now);
    return in_nanos(&now);
}

static inline int by_value(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* VALUE*COUNT,VALUE*COUNT... in the order of the values. */
static inline void print_counts(uint64_t *values, size_t count) {
    qsort(values, count, sizeof(values[0]), by_value);
    for (size_t i = 0, same; i < count; i += same) {
        for (same = 1; i + same < count && values[i + same] == values[i]; same++)
            ;
        printf("%s%llu*%zu", i == 0 ? "" : ",", (unsigned long long)values[i], same);
    }
    printf("\n");
}

/* Prints how long a read takes, so many means of 1000: nanoseconds of 1000 are picoseconds of one. */
static inline void time_reads(uint64_t (*read)(void), size_t runs) {
    static uint64_t picos[MOST_RUNS];
    for (size_t run = 0; run < runs; run++) {
        uint64_t start = nanos();
        for (int i = 0; i < READS_A_RUN; i++)
            read();
        picos[run] = nanos() - start;
    }
    print_counts(picos, runs);
}

#endif
