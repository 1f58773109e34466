/*
 * Whether memory keeps what is written to it: has MEBIBYTES of it, most of it zero, writes pages, looks after them, makes
 * them zero again, in bursts and with rests between.
 *
 *   pages SECONDS MEBIBYTES [DEVICE]
 *
 * There is a writer for each CPU, the second with longer bursts, each with pages of its own. With DEVICE a further thread
 * reads from it into pages that are zero, by direct I/O; each 8 bytes there hold where they are, in bytes. It prints
 *
 *   pages: ready
 *   pages: writes=N checks=N reads=N errors=N    pages written, looked at, read into, and found to hold something else
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, WORDS = PAGE / 8, KEPT = 256, BURST = 16, MAX_THREADS = 64, WHOLE = WORDS };

/* A page that is not zero: every word of it, or one. */
struct kept {
    uint64_t page;
    uint64_t stamp;
    unsigned word;
};

struct worker {
    pthread_t thread;
    unsigned number;
    unsigned seed;
    uint64_t *first;
    uint64_t pages;
    unsigned burst;
    int device;
    uint64_t device_pages;
    struct kept kept[KEPT];
    uint64_t writes, checks, reads, errors;
};

static struct worker workers[MAX_THREADS];
static time_t end_seconds;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int is_over(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec >= end_seconds;
}

static uint64_t pick(struct worker *self, uint64_t below) {
    return (uint64_t)rand_r(&self->seed) % below;
}

static void rest(struct worker *self) {
    struct timespec time = {.tv_nsec = 1000000 * (long)(1 + pick(self, 20))};
    nanosleep(&time, NULL);
}

static uint64_t *page_at(struct worker *self, uint64_t page) {
    return self->first + page * WORDS;
}

static uint64_t expected(const struct kept *kept, unsigned word) {
    return kept->word == WHOLE ? kept->stamp + word : kept->word == word ? kept->stamp : 0;
}

static void check(struct worker *self, const struct kept *kept) {
    volatile uint64_t *words = page_at(self, kept->page);
    self->checks++;
    for (unsigned word = 0; word < WORDS; word++) {
        uint64_t found = words[word], wanted = expected(kept, word);
        if (found != wanted) {
            if (self->errors++ < 10)
                printf("pages: at %p there is %lx instead of %lx\n", (void *)&words[word], found, wanted);
            return;
        }
    }
}

static void write_page(struct worker *self, struct kept *kept) {
    uint64_t *words = page_at(self, kept->page);
    kept->stamp = (++self->writes << 16 | (uint64_t)self->number << 10) + 1;
    kept->word = pick(self, 2) ? WHOLE : (unsigned)pick(self, WORDS);
    for (unsigned word = 0; word < WORDS; word++)
        if (kept->word == WHOLE || kept->word == word)
            words[word] = expected(kept, word);
}

/* A page that is none of those kept. */
static uint64_t pick_zero(struct worker *self) {
    for (;;) {
        uint64_t page = pick(self, self->pages);
        int kept = 0;
        for (int i = 0; i < KEPT; i++)
            kept |= self->kept[i].stamp != 0 && self->kept[i].page == page;
        if (!kept)
            return page;
    }
}

static void *write_pages(void *argument) {
    struct worker *self = argument;
    for (uint64_t turn = 0; !is_over();) {
        for (unsigned i = 0; i < self->burst; i++, turn++) {
            struct kept *kept = &self->kept[turn % KEPT], next = {.page = pick_zero(self), .word = WORDS + 1};
            if (kept->stamp != 0) {
                check(self, kept);
                memset(page_at(self, kept->page), 0, PAGE);
            }
            check(self, &next);
            write_page(self, &next);
            *kept = next;
        }
        rest(self);
    }
    for (int i = 0; i < KEPT; i++)
        if (self->kept[i].stamp != 0) {
            check(self, &self->kept[i]);
            memset(page_at(self, self->kept[i].page), 0, PAGE);
        }
    for (struct kept zero = {.word = WORDS + 1}; zero.page < self->pages; zero.page++)
        check(self, &zero);
    return NULL;
}

static void *read_pages(void *argument) {
    struct worker *self = argument;
    while (!is_over()) {
        for (unsigned i = 0; i < self->burst; i++) {
            uint64_t from = pick(self, self->device_pages) * PAGE;
            struct kept read = {.page = pick(self, self->pages), .stamp = from, .word = WHOLE};
            uint64_t *words = page_at(self, read.page);
            if (pread(self->device, words, PAGE, (off_t)from) != PAGE)
                fail("pages: pread");
            self->reads++;
            /* Where it is, in bytes; stamps count in words. */
            for (unsigned word = 0; word < WORDS; word++)
                words[word] -= 7 * word;
            check(self, &read);
            memset(words, 0, PAGE);
        }
        rest(self);
    }
    return NULL;
}

/* `text` as a whole number from 1 to `most`. */
static uint64_t number(const char *text, uint64_t most) {
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || *text == '-' || value < 1 || value > most) {
        fprintf(stderr, "pages: '%s' must be a number from 1 to %lu\n", text, most);
        exit(2);
    }
    return value;
}

static void start(unsigned worker, void *(*function)(void *), unsigned cpu) {
    cpu_set_t cpus;
    pthread_attr_t attributes;
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    pthread_attr_init(&attributes);
    pthread_attr_setaffinity_np(&attributes, sizeof cpus, &cpus);
    errno = pthread_create(&workers[worker].thread, &attributes, function, &workers[worker]);
    if (errno != 0)
        fail("pages: pthread_create");
}

int main(int count, char **arguments) {
    if (count != 3 && count != 4) {
        fprintf(stderr, "usage: pages SECONDS MEBIBYTES [DEVICE]\n");
        return 2;
    }
    uint64_t seconds = number(arguments[1], 86400), bytes = number(arguments[2], 1 << 20) << 20;
    unsigned cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN), threads = cpus + (count == 4);
    if (threads > MAX_THREADS) {
        fprintf(stderr, "pages: more than %d threads\n", MAX_THREADS);
        return 1;
    }
    uint8_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED)
        fail("pages: mmap");
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    end_seconds = now.tv_sec + (time_t)seconds;
    for (unsigned i = 0; i < threads; i++) {
        struct worker *worker = &workers[i];
        worker->number = i;
        worker->seed = i + 1;
        worker->pages = bytes / PAGE / threads;
        worker->first = (uint64_t *)memory + i * worker->pages * WORDS;
        worker->burst = i == 1 ? 16 * BURST : BURST;
    }
    if (count == 4) {
        struct worker *reader = &workers[cpus];
        reader->device = open(arguments[3], O_RDONLY | O_DIRECT);
        if (reader->device < 0)
            fail(arguments[3]);
        reader->device_pages = (uint64_t)lseek(reader->device, 0, SEEK_END) / PAGE;
        start(cpus, read_pages, 0);
    }
    for (unsigned i = 0; i < cpus; i++)
        start(i, write_pages, i);
    printf("pages: ready\n");
    fflush(stdout);
    uint64_t writes = 0, checks = 0, reads = 0, errors = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        writes += workers[i].writes;
        checks += workers[i].checks;
        reads += workers[i].reads;
        errors += workers[i].errors;
    }
    printf("pages: writes=%lu checks=%lu reads=%lu errors=%lu\n", writes, checks, reads, errors);
    return errors != 0;
}
