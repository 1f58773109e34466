/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that writes its memory without end: "PAGES" is its command line, how many from 64 MiB on. It goes through them in an
 * order that looks random, and back to the first few every other time, as programs do. It says "writer" on COM1 when it has
 * written each page once.
 */
#include "bare.h"

#define FIRST_GPA (64ull << 20)
#define PAGE_BYTES 4096
#define HOT_PAGES 16
#define CMD_LINE_PTR 0x228

static uint64_t number(const char *text) {
    uint64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value;
}

static uint64_t next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

void run(const uint8_t *boot_params) {
    uint64_t pages = number((const char *)(uintptr_t)load((uint64_t)(uintptr_t)boot_params + CMD_LINE_PTR, 4));
    uint64_t state = 88172645463325252ull;
    map_low_4_gib();
    for (uint64_t page = 0; page < pages; page++)
        store(FIRST_GPA + page * PAGE_BYTES, next(&state), 8);
    say("writer\n");
    for (uint64_t i = 0;; i++) {
        uint64_t where = next(&state);
        uint64_t page = i % 2 == 0 ? where % HOT_PAGES : where % pages;
        store(FIRST_GPA + page * PAGE_BYTES + (where >> 40) % (PAGE_BYTES / 8) * 8, i, 8);
    }
}
