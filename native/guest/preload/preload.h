/* What the parts of the preload library share. */
#ifndef PRELOAD_H
#define PRELOAD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Visible to the program, where everything else is hidden. */
#define INTERPOSED __attribute__((visibility("default")))

/* Whether RDTSC is trapped in this process. */
extern bool trapping;

/* For the calling thread, and what it starts from now on. */
void let_rdtsc_pass(void);
void trap_rdtsc(void);

/* The C library's function of this name; there is one. */
void *next_function(const char *name);

/* From now on SIGSEGV is `handler`'s; what the program had or sets for it is remembered. */
void take_faults(void (*handler)(int, siginfo_t *, void *));

/* Has the program do what it would have done at a SIGSEGV without this library. */
void give_to_program(int number, siginfo_t *info, void *context);

#endif
