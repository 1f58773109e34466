/*
 * Gives a program that executes RDTSC or RDTSCP itself the counter that Lull made for the guest:
 *
 *   LD_PRELOAD=liblull_rdtsc.so PROGRAM
 *
 * Linux makes the instruction a fault (PR_SET_TSC), and the handler of the fault puts in the registers what
 * /dev/lull_counter answers: a signal and one system call each time, hundreds of times what the instruction costs.
 *
 * The vDSO, by which the C library reads clocks, scales the processor's counter itself; so it is given that, by the
 * same way. A program that maps the counter's page and reads it does so as well, and is not to be preloaded.
 *
 * Without the device it says so and leaves the program alone. It is not for 32-bit programs, nor for static ones, nor for
 * those that take or block SIGSEGV, or start others, by means that faults.c and children.c do not have.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "../linux/lull_counter.h"
#include "preload.h"

#define DEVICE "/dev/lull_counter"

enum { RDTSC_BYTES = 2, RDTSCP_BYTES = 3, NODE_SHIFT = 12, OUT_OF_THE_WAY = 500 };

bool trapping;

static _Atomic int device = -1;
static uintptr_t vdso_start, vdso_end;

void *next_function(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) {
        fprintf(stderr, "lull_rdtsc: the C library has no %s\n", name);
        abort();
    }
    return function;
}

static void set_rdtsc(int what) {
    if (prctl(PR_SET_TSC, what, 0, 0, 0) != 0) {
        perror("lull_rdtsc: PR_SET_TSC");
        abort();
    }
}

void let_rdtsc_pass(void) {
    if (trapping)
        set_rdtsc(PR_TSC_ENABLE);
}

void trap_rdtsc(void) {
    if (trapping)
        set_rdtsc(PR_TSC_SIGSEGV);
}

/* The vDSO's code: its one segment that can be executed, which is at its beginning. */
static void find_vdso(void) {
    uintptr_t base = getauxval(AT_SYSINFO_EHDR);
    if (base == 0)
        return;
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)base;
    const Elf64_Phdr *segment = (const Elf64_Phdr *)(base + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD && (segment[i].p_flags & PF_X) != 0) {
            vdso_start = base + segment[i].p_offset;
            vdso_end = vdso_start + segment[i].p_memsz;
        }
    }
}

/* Where no program expects a descriptor, if that is allowed: the lowest may be the next to be standard input. */
static int open_device(void) {
    int low = open(DEVICE, O_RDONLY | O_CLOEXEC);
    int high = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    if (high < 0)
        return low;
    close(low);
    return high;
}

/* A program that closes descriptors it does not know of has closed the device's, or has another file by its number. */
static uint64_t ask(unsigned long command) {
    uint64_t value;
    if (ioctl(device, command, &value) == 0)
        return value;
    int again = open_device();
    if (again < 0 || ioctl(again, command, &value) != 0) {
        static const char line[] = "lull_rdtsc: " DEVICE " is gone, and without it there is no counter\n";
        ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
        (void)ignored;
        abort();
    }
    device = again;
    return value;
}

/* RDTSCP's third number, as Linux sets it: the processor and its node. */
static uint32_t processor(void) {
    unsigned int cpu = 0, node = 0;
    syscall(SYS_getcpu, &cpu, &node, NULL);
    return node << NODE_SHIFT | cpu;
}

/* How many bytes there are of an instruction that reads the counter; 0 if it is another. No byte behind it is read. */
static size_t counter_instruction(const unsigned char *at) {
    if (at[0] != 0x0f)
        return 0;
    if (at[1] == 0x31)
        return RDTSC_BYTES;
    return at[1] == 0x01 && at[2] == 0xf9 ? RDTSCP_BYTES : 0;
}

static void on_fault(int number, siginfo_t *info, void *context) {
    int error = errno;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    uintptr_t at = (uintptr_t)registers[REG_RIP];
    /* The processor's general protection fault; what it could not fetch, or has no right to touch, is another code. */
    size_t bytes = info->si_code == SI_KERNEL ? counter_instruction((const unsigned char *)at) : 0;
    if (bytes == 0) {
        give_to_program(number, info, context);
        return;
    }
    bool scales_itself = at >= vdso_start && at < vdso_end;
    uint64_t value = ask(scales_itself ? LULL_COUNTER_TRAP_TICKS : LULL_COUNTER_TRAP_COUNTER);
    registers[REG_RAX] = (greg_t)(uint32_t)value;
    registers[REG_RDX] = (greg_t)(value >> 32);
    if (bytes == RDTSCP_BYTES)
        registers[REG_RCX] = (greg_t)processor();
    registers[REG_RIP] += (greg_t)bytes;
    errno = error;
}

__attribute__((constructor)) static void begin(void) {
    device = open_device();
    if (device < 0) {
        fprintf(stderr, "lull_rdtsc: %s: %s; RDTSC is left as it is (is lull_pv loaded?)\n", DEVICE, strerror(errno));
        return;
    }
    find_vdso();
    take_faults(on_fault);
    trapping = true;
    trap_rdtsc();
}
