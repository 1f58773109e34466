/*
 * How late a guest is: has something to do at set times, and counts by how much it missed each.
 *
 *   wake periodic HZ SECONDS                       only wakes; the latency is of the wake-up
 *   wake serve PERCENT SECONDS [MICROS [LOOPS]]    answers requests, each MICROS (1000) of work, so often that they
 *                                                  take PERCENT of a CPU; the latency is from a request to its answer
 *   wake calibrate                                 prints loops_per_milli=LOOPS for serve, which else finds out itself
 *
 * Requests are due by the clock, not sent by anyone. Work is a number of loops, not a time: who loses the CPU meanwhile
 * ends later. What is due while the last is not done is due all the same, and counts from then: nothing is omitted.
 *
 * It stays on the first CPU it may use (see taskset), in memory, and in SCHED_FIFO if allowed. It prints
 *
 *   wake: started period_nanos=N loops=N cpu=N fifo=0|1
 *   wake: finished count=N late=N elapsed_nanos=N cpu_nanos=N    late: due before the last was done
 *   NANOS COUNT                                                   each latency, to 1 part in 256, from below
 *   wake: end
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000u
#define MILLI 1000000u

enum { STEP_BITS = 8, BINS = (65 - STEP_BITS) << STEP_BITS, CALIBRATIONS = 50, PRIORITY = 50 };

static uint64_t bins[BINS];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t nanos_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t nanos) {
    struct timespec when = {.tv_sec = (time_t)(nanos / SECOND), .tv_nsec = (long)(nanos % SECOND)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR)
        ;
}

/* Values with the same leading 1 + STEP_BITS bits share a bin. */
static unsigned bin_of(uint64_t nanos) {
    unsigned shift = nanos >> STEP_BITS == 0 ? 0 : 63u - STEP_BITS - (unsigned)__builtin_clzll(nanos);
    return (shift << STEP_BITS) + (unsigned)(nanos >> shift);
}

static uint64_t value_of(unsigned bin) {
    unsigned shift = bin >> STEP_BITS == 0 ? 0 : (bin >> STEP_BITS) - 1;
    return (uint64_t)(bin - (shift << STEP_BITS)) << shift;
}

static void work(uint64_t loops) {
    for (uint64_t x = 0; x < loops; x++)
        __asm__ volatile("" : "+r"(x));
}

static int by_value(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* The median of many, each after a sleep as a request is: at a stretch, some processors are faster. */
static uint64_t loops_per_milli(void) {
    uint64_t loops = 1024, took[CALIBRATIONS];
    for (int i = 0; i < CALIBRATIONS;) {
        sleep_until(nanos_of(CLOCK_MONOTONIC) + 2 * MILLI);
        uint64_t start = nanos_of(CLOCK_MONOTONIC);
        work(loops);
        took[i] = nanos_of(CLOCK_MONOTONIC) - start;
        if (took[i] < MILLI / 2) { /* too few to measure */
            loops *= 2;
            i = 0;
        } else {
            i++;
        }
    }
    qsort(took, CALIBRATIONS, sizeof took[0], by_value);
    return loops * MILLI / took[CALIBRATIONS / 2];
}

/* The CPU it stays on; whether in SCHED_FIFO. */
static int settle(int *fifo) {
    struct sched_param priority = {.sched_priority = PRIORITY};
    cpu_set_t cpus;
    int cpu = 0;
    if (sched_getaffinity(0, sizeof cpus, &cpus) < 0)
        fail("sched_getaffinity");
    while (!CPU_ISSET(cpu, &cpus))
        cpu++;
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    if (sched_setaffinity(0, sizeof cpus, &cpus) < 0)
        fail("sched_setaffinity");
    if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
        fail("mlockall");
    *fifo = sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
    prctl(PR_SET_TIMERSLACK, 1); /* SCHED_FIFO has none */
    return cpu;
}

static void measure(uint64_t period, uint64_t loops, uint64_t count) {
    uint64_t late = 0, cpu = nanos_of(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t start = nanos_of(CLOCK_MONOTONIC) + 10 * MILLI, now = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t due = start + i * period;
        if (now < due)
            sleep_until(due);
        else
            late++;
        work(loops);
        now = nanos_of(CLOCK_MONOTONIC);
        bins[bin_of(now - due)]++;
    }
    cpu = nanos_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("wake: finished count=%lu late=%lu elapsed_nanos=%lu cpu_nanos=%lu\n", count, late, now - start, cpu);
    for (unsigned bin = 0; bin < BINS; bin++)
        if (bins[bin] > 0)
            printf("%lu %lu\n", value_of(bin), bins[bin]);
    printf("wake: end\n");
}

/* `text` as a whole number from 1 to `most`. */
static uint64_t number(const char *text, uint64_t most) {
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || *text == '-' || value < 1 || value > most) {
        fprintf(stderr, "wake: '%s' must be a number from 1 to %lu\n", text, most);
        exit(2);
    }
    return value;
}

int main(int count, char **arguments) {
    const char *mode = count > 1 ? arguments[1] : "";
    uint64_t period, loops = 0, seconds;
    int fifo;
    setvbuf(stdout, NULL, _IOFBF, BUFSIZ); /* a console takes many lines at once */
    if (strcmp(mode, "calibrate") == 0 && count == 2) {
        settle(&fifo);
        printf("loops_per_milli=%lu\n", loops_per_milli());
        return 0;
    }
    if (strcmp(mode, "periodic") == 0 && count == 4) {
        period = SECOND / number(arguments[2], 1000000);
    } else if (strcmp(mode, "serve") == 0 && count >= 4 && count <= 6) {
        uint64_t micros = count > 4 ? number(arguments[4], 1000000) : 1000;
        period = micros * 100000 / number(arguments[2], 100);
        loops = micros * (count > 5 ? number(arguments[5], 1000000000) : (settle(&fifo), loops_per_milli())) / 1000;
    } else {
        fprintf(stderr, "usage: wake periodic HZ SECONDS\n"
                        "       wake serve PERCENT SECONDS [MICROS [LOOPS]]\n"
                        "       wake calibrate\n");
        return 2;
    }
    seconds = number(arguments[3], 86400);
    int cpu = settle(&fifo);
    printf("wake: started period_nanos=%lu loops=%lu cpu=%d fifo=%d\n", period, loops, cpu, fifo);
    fflush(stdout);
    tcdrain(STDOUT_FILENO); /* a console is quiet from here on */
    measure(period, loops, seconds * SECOND / period);
    return 0;
}
