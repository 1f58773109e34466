/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that reads KVM's clock: "AMISS READS" is its command line. It names AMISS addresses for it that cannot be had,
 * one after the other, then a good one; reads the clock READS times; asks for the wall clock; and says on COM1 what came of
 * it, a "name=value" a line, numbers in decimal. Entered by Linux's 64-bit boot protocol.
 */
#include "bare.h"

#define CMD_LINE_PTR 0x228
#define MSR_WALL_CLOCK 0x4b564d00
#define MSR_SYSTEM_TIME 0x4b564d01
#define ENABLE 1

struct time_info {
    uint32_t version;
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time;
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift;
    uint8_t flags;
    uint8_t pad[2];
};

struct wall_clock {
    uint32_t version;
    uint32_t sec;
    uint32_t nsec;
};

static volatile struct time_info page __attribute__((aligned(32)));
static volatile struct wall_clock wall __attribute__((aligned(4)));

/* Beyond memory, devices', at the ends of the address space, not aligned. */
static const uint64_t amiss[] = {3ull << 30,     0xfee00000,         0xe8000000,         1ull << 40,
                                 (1ull << 63),   0xfffffffffffffffc, 0xffffffffffffffe0, 0x4000002,
                                 0xfffffffeull,  0xfffbb000 /* the counter's, read-only */};

/* Lull's counter; paravirt/…/clock/CounterPage.java */
struct counter {
    uint32_t magic;
    uint32_t version;
    uint32_t sequence;
    uint32_t shift;
    uint64_t host_base;
    uint64_t guest_base;
    uint64_t forward;
    uint64_t reverse;
    uint64_t nominal_hz;
    uint64_t zero;
};

static uint64_t number(const char **text) {
    uint64_t value = 0;
    for (; **text >= '0' && **text <= '9'; ++*text)
        value = value * 10 + (uint64_t)(**text - '0');
    if (**text == ' ')
        ++*text;
    return value;
}

static void tell(const char *name, uint64_t value) {
    char digits[24], *at = digits + sizeof(digits) - 1;
    *at = '\0';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    say(name);
    say("=");
    say(at);
    say("\n");
}

static void write_msr(uint32_t msr, uint64_t value) {
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static uint64_t read_msr(uint32_t msr) {
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t tsc(void) {
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static void cpuid(uint32_t leaf, uint32_t *registers) {
    __asm__ volatile("cpuid"
                     : "=a"(registers[0]), "=b"(registers[1]), "=c"(registers[2]), "=d"(registers[3])
                     : "a"(leaf), "c"(0));
}

static uint64_t nanos(void) {
    uint64_t delta, base, multiplier;
    uint32_t version;
    int shift;
    do {
        version = page.version & ~1u;
        __asm__ volatile("" : : : "memory");
        delta = tsc() - page.tsc_timestamp;
        base = page.system_time;
        multiplier = page.tsc_to_system_mul;
        shift = page.tsc_shift;
        __asm__ volatile("" : : : "memory");
    } while (page.version != version);
    delta = shift < 0 ? delta >> -shift : delta << shift;
    return base + (uint64_t)((unsigned __int128)delta * multiplier >> 32);
}

/* The counter's page, by CPUID, or null. */
static volatile struct counter *find_counter(void) {
    uint32_t registers[4];
    cpuid(0x40000100, registers);
    if (registers[0] < 0x40000101 || registers[1] != 0x6c6c754c || registers[2] != 0x6c6c754c ||
        registers[3] != 0x6c6c754c)
        return 0;
    cpuid(0x40000101, registers);
    return registers[0] & 1 ? (void *)(uintptr_t)((uint64_t)registers[2] << 32 | registers[1]) : 0;
}

static uint64_t count(const volatile struct counter *counter) {
    uint64_t product;
    uint32_t sequence;
    do {
        sequence = counter->sequence & ~1u;
        __asm__ volatile("" : : : "memory");
        product = counter->guest_base +
                  (uint64_t)((__int128)(int64_t)(tsc() - counter->host_base) * (int64_t)counter->forward >> counter->shift);
        __asm__ volatile("" : : : "memory");
    } while (counter->sequence != sequence);
    return product;
}

static void look_at_counter(uint64_t reads) {
    volatile struct counter *counter = find_counter();
    uint64_t back = 0, last = 0;
    tell("counter_gpa", (uint64_t)(uintptr_t)counter);
    if (counter == 0)
        return;
    tell("magic", counter->magic);
    tell("nominal_hz", counter->nominal_hz);
    counter->magic = 0;
    tell("written", counter->magic == 0);
    for (uint64_t i = 0; i < reads; i++) {
        uint64_t now = count(counter);
        back += now < last;
        last = now;
    }
    tell("counter_back", back);
    tell("counter", count(counter));
}

void run(const uint8_t *boot_params) {
    const char *line = (const char *)(uintptr_t)load((uint64_t)(uintptr_t)boot_params + CMD_LINE_PTR, 4);
    uint64_t wrong = number(&line), reads = number(&line), back = 0, last = 0;
    uint32_t registers[4];

    map_low_4_gib();
    cpuid(0x80000007, registers);
    tell("invariant_tsc", registers[3] >> 8 & 1);
    cpuid(0x40000001, registers);
    tell("kvm_clock", registers[0] & (1u << 0 | 1u << 3 | 1u << 24));

    for (uint64_t i = 0; i < wrong; i++)
        write_msr(MSR_SYSTEM_TIME, amiss[i % (sizeof(amiss) / sizeof(amiss[0]))] | ENABLE);
    write_msr(MSR_SYSTEM_TIME, (uint64_t)&page | ENABLE);
    tell("same_address", read_msr(MSR_SYSTEM_TIME) == ((uint64_t)&page | ENABLE));
    tell("version", page.version);
    tell("flags", page.flags);
    tell("begin", nanos());
    for (uint64_t i = 0; i < reads; i++) {
        uint64_t now = nanos();
        back += now < last;
        last = now;
    }
    tell("back", back);
    look_at_counter(reads);
    tell("changes", page.version / 2);
    write_msr(MSR_WALL_CLOCK, (uint64_t)&wall);
    tell("wall_seconds", wall.sec);
    tell("wall_nanos", wall.nsec);
    tell("end", nanos());
    end("clock: done");
}
