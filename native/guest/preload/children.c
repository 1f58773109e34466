/*
 * Programs that the program starts. A process keeps it over execve(2) that RDTSC is a fault, and the next program's
 * dynamic linker executes RDTSC before any library of its own is there to handle that. So the thread that starts a
 * program lets the instruction pass meanwhile. The next one traps it again if it has this library too.
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "preload.h"

typedef char *const strings[];
typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, strings,
                           strings);

static struct {
    int (*execve)(const char *, strings, strings);
    int (*execvpe)(const char *, strings, strings);
    int (*fexecve)(int, strings, strings);
    int (*execveat)(int, const char *, strings, strings, int);
    spawn_function *posix_spawn;
    spawn_function *posix_spawnp;
    int (*system)(const char *);
    FILE *(*popen)(const char *, const char *);
} real;

/* At the beginning, as a child of fork(2) may not look for functions; but other libraries' constructors may come first. */
__attribute__((constructor)) static void find_real(void) {
    if (real.popen != NULL)
        return;
    real.execve = next_function("execve");
    real.execvpe = next_function("execvpe");
    real.fexecve = next_function("fexecve");
    real.execveat = next_function("execveat");
    real.posix_spawn = next_function("posix_spawn");
    real.posix_spawnp = next_function("posix_spawnp");
    real.system = next_function("system");
    real.popen = next_function("popen");
}

/* The value of a call, made while RDTSC is let pass. */
#define LETTING_PASS(call)                                                                                             \
    ({                                                                                                                 \
        find_real();                                                                                                   \
        let_rdtsc_pass();                                                                                              \
        __typeof__(call) result = (call);                                                                              \
        trap_rdtsc();                                                                                                  \
        result;                                                                                                        \
    })

INTERPOSED int execve(const char *path, strings arguments, strings environment) {
    return LETTING_PASS(real.execve(path, arguments, environment));
}

INTERPOSED int execvpe(const char *file, strings arguments, strings environment) {
    return LETTING_PASS(real.execvpe(file, arguments, environment));
}

INTERPOSED int fexecve(int fd, strings arguments, strings environment) {
    return LETTING_PASS(real.fexecve(fd, arguments, environment));
}

INTERPOSED int execveat(int directory, const char *path, strings arguments, strings environment, int flags) {
    return LETTING_PASS(real.execveat(directory, path, arguments, environment, flags));
}

INTERPOSED int execv(const char *path, strings arguments) { return execve(path, arguments, environ); }

INTERPOSED int execvp(const char *file, strings arguments) { return execvpe(file, arguments, environ); }

/* Of a call's arguments from `first` on, how many there are before NULL. */
static size_t count_of(const char *first, va_list list) {
    size_t count = 0;
    va_list rest;
    va_copy(rest, list);
    for (const char *argument = first; argument != NULL; argument = va_arg(rest, const char *))
        count++;
    va_end(rest);
    return count;
}

/* Takes them, and the NULL, into an array. */
static void gather(char **array, const char *first, va_list *list) {
    array[0] = (char *)first;
    for (size_t at = 0; array[at] != NULL; at++)
        array[at + 1] = va_arg(*list, char *);
}

INTERPOSED int execl(const char *path, const char *first, ...) {
    va_list list;
    va_start(list, first);
    char *arguments[count_of(first, list) + 1];
    gather(arguments, first, &list);
    va_end(list);
    return execve(path, arguments, environ);
}

INTERPOSED int execlp(const char *file, const char *first, ...) {
    va_list list;
    va_start(list, first);
    char *arguments[count_of(first, list) + 1];
    gather(arguments, first, &list);
    va_end(list);
    return execvpe(file, arguments, environ);
}

INTERPOSED int execle(const char *path, const char *first, ...) {
    va_list list;
    va_start(list, first);
    char *arguments[count_of(first, list) + 1];
    gather(arguments, first, &list);
    char *const *environment = va_arg(list, char *const *);
    va_end(list);
    return execve(path, arguments, environment);
}

INTERPOSED int posix_spawn(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
                           const posix_spawnattr_t *attributes, strings arguments, strings environment) {
    return LETTING_PASS(real.posix_spawn(child, path, actions, attributes, arguments, environment));
}

INTERPOSED int posix_spawnp(pid_t *child, const char *file, const posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *attributes, strings arguments, strings environment) {
    return LETTING_PASS(real.posix_spawnp(child, file, actions, attributes, arguments, environment));
}

INTERPOSED int system(const char *command) { return LETTING_PASS(real.system(command)); }

INTERPOSED FILE *popen(const char *command, const char *type) { return LETTING_PASS(real.popen(command, type)); }
