/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest of bare metal in C stands on: it is entered by Linux's 64-bit boot protocol and defines run(), which gets
 * struct boot_params and ends in end().
 */
#ifndef LULL_PAYLOAD_BARE_H
#define LULL_PAYLOAD_BARE_H

#include <stddef.h>
#include <stdint.h>

#define COM1 0x3f8
#define SLEEP_CONTROL 0x604
#define SLEEP_S5 (5 << 2 | 1 << 5)

static uint64_t tables[6][512] __attribute__((aligned(4096)));
static char stack[16384] __attribute__((aligned(16), used));

__asm__(".globl _start\n"
        "_start:\n"
        "    lea stack+16384(%rip), %rsp\n"
        "    mov %rsi, %rdi\n"
        "    call run\n"
        "1:  hlt\n"
        "    jmp 1b\n");

void run(const uint8_t *boot_params);

/* The compiler may call it of its own accord, too. */
void *memset(void *to, int value, size_t length) {
    void *start = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(value) : "memory");
    return start;
}

static void out8(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }

static inline void out(uint16_t port, uint32_t value, unsigned bytes) {
    if (bytes == 1)
        out8(port, (uint8_t)value);
    else if (bytes == 2)
        __asm__ volatile("outw %0, %1" : : "a"((uint16_t)value), "Nd"(port));
    else
        __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t in(uint16_t port, unsigned bytes) {
    uint32_t value = 0;
    if (bytes == 1)
        __asm__ volatile("inb %1, %b0" : "+a"(value) : "Nd"(port));
    else if (bytes == 2)
        __asm__ volatile("inw %1, %w0" : "+a"(value) : "Nd"(port));
    else
        __asm__ volatile("inl %1, %0" : "+a"(value) : "Nd"(port));
    return value;
}

static inline void store(uint64_t gpa, uint64_t value, unsigned bytes) {
    if (bytes == 1)
        *(volatile uint8_t *)gpa = (uint8_t)value;
    else if (bytes == 2)
        *(volatile uint16_t *)gpa = (uint16_t)value;
    else if (bytes == 4)
        *(volatile uint32_t *)gpa = (uint32_t)value;
    else
        *(volatile uint64_t *)gpa = value;
}

static inline uint64_t load(uint64_t gpa, unsigned bytes) {
    if (bytes == 1)
        return *(volatile uint8_t *)gpa;
    if (bytes == 2)
        return *(volatile uint16_t *)gpa;
    if (bytes == 4)
        return *(volatile uint32_t *)gpa;
    return *(volatile uint64_t *)gpa;
}

static void say(const char *text) {
    while (*text != '\0')
        out8(COM1, (uint8_t)*text++);
}

static inline void __attribute__((noreturn)) end(const char *text) {
    say(text);
    say("\n");
    out8(SLEEP_CONTROL, SLEEP_S5);
    for (;;)
        __asm__ volatile("hlt");
}

/* Page tables of the guest's own, so that nothing below its image matters. */
static void map_low_4_gib(void) {
    tables[0][0] = (uint64_t)tables[1] | 3;
    for (unsigned gib = 0; gib < 4; gib++) {
        tables[1][gib] = (uint64_t)tables[2 + gib] | 3;
        for (unsigned i = 0; i < 512; i++)
            tables[2 + gib][i] = ((uint64_t)gib << 30 | (uint64_t)i << 21) | 0x83;
    }
    __asm__ volatile("mov %0, %%cr3" : : "r"(tables[0]) : "memory");
}

#endif
