/*
 * Lull's counter in a guest, by the device of the module lull_pv.
 *
 *   counter show [SECONDS]   how it is made, and its frequency by CLOCK_MONOTONIC_RAW over so many seconds (2)
 *   counter sample           a reading of the processor's counter and one of this one of the same moment
 *   counter reads KIND N     how long a read takes: means of 1000, N times; KIND is page, or call for a system call
 *   counter watch READS      reads it READS times on each processor at once; counts the times it was less than what anyone
 *                            had read before, and those when the page did not hold one counter, of one frequency
 *   counter wait TICKS N     waits for it to go on by TICKS, N times: how often that was over too early, and how late
 *   counter refused          tries what the device is to refuse
 *
 * It prints
 *
 *   nominal_hz=N shift=N forward=N reverse=N host_base=N guest_base=N measured_hz=N drift_ppm=N
 *   ticks=N counter=N spread=N                           spread: ticks between which it was read
 *   PICOS*COUNT,PICOS*COUNT...                           reads, in the order of their picoseconds
 *   processors=N reads=N back=N torn=N
 *   waits=N early=N late_p50=N late_p90=N late_p99=N late_max=N shortest_ticks=N
 *                                                        late in ticks of this counter, the shortest in the processor's
 *   write=N shared=N private=N later=N offset=N length=N short=N command=N
 *                                                        error numbers, 0 for what was allowed: written to,
 *                                                        mapped writable shared, private, or made so later; mapped at an
 *                                                        offset, longer; less than 8 bytes read; an unknown ioctl
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../linux/lull_counter.h"
#include "reads.h"

#define DEVICE "/dev/lull_counter"

enum { TRIES = 1000, MOST_PROCESSORS = 64 };

static int device;
static const struct lull_counter_page *page;

static _Atomic uint64_t furthest;
static _Atomic uint64_t back, torn;
static _Atomic int waiting;
static uint64_t reads, nominal_hz;

static void fail(const char *what) {
    fprintf(stderr, "counter: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void open_counter(void) {
    device = open(DEVICE, O_RDONLY | O_CLOEXEC);
    if (device < 0)
        fail(DEVICE);
    page = mmap(NULL, LULL_COUNTER_PAGE_BYTES, PROT_READ, MAP_SHARED, device, 0);
    if (page == MAP_FAILED)
        fail("mmap of " DEVICE);
    if (!lull_counter_is_page(page)) {
        fprintf(stderr, "counter: %s: no counter's page of version %d\n", DEVICE, LULL_COUNTER_VERSION);
        exit(1);
    }
}

static uint64_t now(void) { return lull_counter_read(page); }

static uint64_t now_by_system_call(void) {
    uint64_t counter;
    if (read(device, &counter, sizeof(counter)) != sizeof(counter))
        fail("read of " DEVICE);
    return counter;
}

/* The counter and a clock at one moment, by the closest of many: between two others there may have been an interrupt. */
static void sample_of(uint64_t (*clock)(void), uint64_t *counter, uint64_t *then, uint64_t *spread) {
    *spread = UINT64_MAX;
    for (int i = 0; i < TRIES; i++) {
        uint64_t before = clock(), at = now(), between = clock() - before;
        if (between < *spread) {
            *spread = between;
            *counter = at;
            *then = before + between / 2;
        }
    }
}

static uint64_t ticks(void) { return lull_counter_ticks(); }

static void show(double seconds) {
    struct lull_counter counter;
    struct timespec length = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    uint64_t counter_before, counter_after, nanos_before, nanos_after, spread;
    lull_counter_snapshot(page, &counter);
    sample_of(nanos, &counter_before, &nanos_before, &spread);
    nanosleep(&length, NULL);
    sample_of(nanos, &counter_after, &nanos_after, &spread);
    double measured = (double)(counter_after - counter_before) * 1e9 / (double)(nanos_after - nanos_before);
    printf("nominal_hz=%llu shift=%u forward=%llu reverse=%llu host_base=%llu guest_base=%llu measured_hz=%.0f "
           "drift_ppm=%.3f\n",
           counter.nominal_hz, counter.shift, counter.forward, counter.reverse, counter.host_base, counter.guest_base,
           measured, (measured / (double)counter.nominal_hz - 1) * 1e6);
}

static void sample(void) {
    uint64_t counter = 0, then = 0, spread;
    sample_of(ticks, &counter, &then, &spread);
    printf("ticks=%llu counter=%llu spread=%llu\n", (unsigned long long)then, (unsigned long long)counter,
           (unsigned long long)spread);
}

static void *watch(void *processor) {
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET((int)(intptr_t)processor, &here);
    if (sched_setaffinity(0, sizeof(here), &here) != 0)
        fail("sched_setaffinity");
    atomic_fetch_sub(&waiting, 1);
    while (atomic_load(&waiting) > 0)
        ;
    for (uint64_t i = 0; i < reads; i++) {
        struct lull_counter counter;
        uint64_t before = atomic_load(&furthest), at = lull_counter_snapshot(page, &counter);
        uint64_t value = lull_counter_at(&counter, at);
        if (!lull_counter_is_sane(&counter) || counter.nominal_hz != nominal_hz)
            atomic_fetch_add(&torn, 1);
        if (value < before)
            atomic_fetch_add(&back, 1);
        while (value > before && !atomic_compare_exchange_weak(&furthest, &before, value))
            ;
    }
    return NULL;
}

static void watch_all(void) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    pthread_t threads[MOST_PROCESSORS];
    struct lull_counter counter;
    if (processors > MOST_PROCESSORS)
        processors = MOST_PROCESSORS;
    lull_counter_snapshot(page, &counter);
    nominal_hz = counter.nominal_hz;
    waiting = (int)processors;
    for (long i = 0; i < processors; i++) {
        if (pthread_create(&threads[i], NULL, watch, (void *)(intptr_t)i) != 0) {
            fprintf(stderr, "counter: no thread for processor %ld\n", i);
            exit(1);
        }
    }
    for (long i = 0; i < processors; i++)
        pthread_join(threads[i], NULL);
    printf("processors=%ld reads=%llu back=%llu torn=%llu\n", processors,
           (unsigned long long)(reads * (uint64_t)processors), (unsigned long long)back, (unsigned long long)torn);
}

static unsigned long long percentile(const uint64_t *sorted, unsigned long count, unsigned long percent) {
    unsigned long rank = (count * percent + 99) / 100;
    return sorted[rank == 0 ? 0 : rank - 1];
}

static void wait_often(uint64_t length, unsigned long count) {
    uint64_t *late = calloc(count, sizeof(late[0])), shortest = UINT64_MAX;
    unsigned long early = 0;
    if (late == NULL)
        fail("memory");
    for (unsigned long i = 0; i < count; i++) {
        uint64_t start = ticks(), until = now() + length, woke = until;
        if (ioctl(device, LULL_COUNTER_WAIT, &woke) != 0)
            fail("LULL_COUNTER_WAIT");
        uint64_t slept = ticks() - start;
        int64_t after = (int64_t)(woke - until);
        early += after < 0;
        late[i] = after < 0 ? 0 : (uint64_t)after;
        if (slept < shortest)
            shortest = slept;
    }
    qsort(late, count, sizeof(late[0]), by_value);
    printf("waits=%lu early=%lu late_p50=%llu late_p90=%llu late_p99=%llu late_max=%llu shortest_ticks=%llu\n", count,
           early, percentile(late, count, 50), percentile(late, count, 90), percentile(late, count, 99),
           (unsigned long long)late[count - 1], (unsigned long long)shortest);
    free(late);
}

static int error_of(int failed) { return failed ? errno : 0; }

static int error_of_mapping(int fd, size_t length, int protection, int flags, off_t offset) {
    return error_of(mmap(NULL, length, protection, flags, fd, offset) == MAP_FAILED);
}

static void refused(void) {
    enum { PAGE = LULL_COUNTER_PAGE_BYTES, BOTH = PROT_READ | PROT_WRITE };
    uint32_t half;
    int writable = open(DEVICE, O_RDWR | O_CLOEXEC);
    /* Root may open for writing what nobody may write. */
    printf("write=%d shared=%d private=%d", error_of(write(writable, &half, sizeof half) < 0),
           error_of_mapping(writable, PAGE, BOTH, MAP_SHARED, 0), error_of_mapping(device, PAGE, BOTH, MAP_PRIVATE, 0));
    printf(" later=%d offset=%d length=%d", error_of(mprotect((void *)page, PAGE, BOTH) != 0),
           error_of_mapping(device, PAGE, PROT_READ, MAP_SHARED, PAGE),
           error_of_mapping(device, 2 * PAGE, PROT_READ, MAP_SHARED, 0));
    printf(" short=%d command=%d\n", error_of(read(device, &half, sizeof half) < 0),
           error_of(ioctl(device, _IO('L', 0x7f), 0) != 0));
}

static int usage(void) {
    fprintf(stderr, "usage: counter show [SECONDS] | sample | reads page|call N | watch READS | wait TICKS N | refused\n");
    return 2;
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    double seconds = count == 3 ? strtod(arguments[2], NULL) : 2;
    uint64_t number = count > 2 ? strtoull(arguments[2], NULL, 10) : 0;
    unsigned long times = count > 3 ? strtoul(arguments[3], NULL, 10) : 0;
    if ((count == 2 || count == 3) && strcmp(what, "show") == 0 && seconds > 0) {
        open_counter();
        show(seconds);
    } else if (count == 2 && strcmp(what, "sample") == 0) {
        open_counter();
        sample();
    } else if (count == 4 && strcmp(what, "reads") == 0 && times > 0 && times <= MOST_RUNS) {
        if (strcmp(arguments[2], "page") != 0 && strcmp(arguments[2], "call") != 0)
            return usage();
        open_counter();
        time_reads(strcmp(arguments[2], "page") == 0 ? now : now_by_system_call, times);
    } else if (count == 3 && strcmp(what, "watch") == 0 && number > 0) {
        reads = number;
        open_counter();
        watch_all();
    } else if (count == 4 && strcmp(what, "wait") == 0 && number > 0 && times > 0) {
        open_counter();
        wait_often(number, times);
    } else if (count == 2 && strcmp(what, "refused") == 0) {
        open_counter();
        refused();
    } else {
        return usage();
    }
    return 0;
}
