/*
 * SIGSEGV, which is the library's, as the program sees it: what it sets for it is remembered and done at any fault that is
 * not RDTSC's, and the signal stays unblocked, for a fault that is blocked ends the process.
 *
 * While the program's own handler runs, SIGSEGV is not blocked either, as that may well read a clock. So a handler that
 * faults is called again, where it would have been the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload.h"

/* A signal handler may look at one while another thread sets the next, or several. */
enum { ACTIONS = 16 };

static struct sigaction actions[ACTIONS];
static _Atomic unsigned int next_action;
static _Atomic(struct sigaction *) programs;

static struct {
    int (*sigaction)(int, const struct sigaction *, struct sigaction *);
    int (*pthread_sigmask)(int, const sigset_t *, sigset_t *);
    sighandler_t (*signal)(int, sighandler_t);
} real;

/* At the beginning, but other libraries' constructors may come first. */
__attribute__((constructor)) static void find_real(void) {
    if (real.signal != NULL)
        return;
    real.sigaction = next_function("sigaction");
    real.pthread_sigmask = next_function("pthread_sigmask");
    real.signal = next_function("signal");
}

static struct sigaction remember(const struct sigaction *action) {
    struct sigaction *mine = &actions[atomic_fetch_add(&next_action, 1) % ACTIONS];
    *mine = *action;
    return *atomic_exchange(&programs, mine);
}

void take_faults(void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigset_t faults;
    find_real();
    programs = &actions[0];
    real.sigaction(SIGSEGV, NULL, programs);
    atomic_store(&next_action, 1);
    real.sigaction(SIGSEGV, &action, NULL);
    sigemptyset(&faults);
    sigaddset(&faults, SIGSEGV);
    real.pthread_sigmask(SIG_UNBLOCK, &faults, NULL);
}

/* What was sent by a process is sent again; an instruction that faulted does so again by itself. */
static void do_default(const siginfo_t *info) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    real.sigaction(SIGSEGV, &action, NULL);
    if (info->si_code <= 0)
        syscall(SYS_tgkill, getpid(), gettid(), SIGSEGV);
}

void give_to_program(int number, siginfo_t *info, void *context) {
    struct sigaction action = *atomic_load(&programs);
    if (action.sa_handler == SIG_IGN && info->si_code <= 0)
        return;
    if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) {
        do_default(info);
        return;
    }
    if (action.sa_flags & SA_RESETHAND) {
        struct sigaction default_action = {.sa_handler = SIG_DFL};
        remember(&default_action);
    }
    /* Until the handler returns, which restores what was blocked before. */
    sigdelset(&action.sa_mask, SIGSEGV);
    real.pthread_sigmask(SIG_BLOCK, &action.sa_mask, NULL);
    if (action.sa_flags & SA_SIGINFO)
        action.sa_sigaction(number, info, context);
    else
        action.sa_handler(number);
}

INTERPOSED int sigaction(int number, const struct sigaction *action, struct sigaction *old) {
    find_real();
    if (!trapping || (action == NULL && number != SIGSEGV))
        return real.sigaction(number, action, old);
    if (number != SIGSEGV) {
        struct sigaction open_to_faults = *action;
        sigdelset(&open_to_faults.sa_mask, SIGSEGV);
        return real.sigaction(number, &open_to_faults, old);
    }
    struct sigaction before = action == NULL ? *atomic_load(&programs) : remember(action);
    if (old != NULL)
        *old = before;
    return 0;
}

INTERPOSED sighandler_t signal(int number, sighandler_t handler) {
    if (trapping && number == SIGSEGV) {
        struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        return remember(&action).sa_handler;
    }
    find_real();
    return real.signal(number, handler);
}

INTERPOSED int pthread_sigmask(int how, const sigset_t *set, sigset_t *old) {
    find_real();
    if (!trapping || set == NULL || how == SIG_UNBLOCK)
        return real.pthread_sigmask(how, set, old);
    sigset_t open_to_faults = *set;
    sigdelset(&open_to_faults, SIGSEGV);
    return real.pthread_sigmask(how, &open_to_faults, old);
}

INTERPOSED int sigprocmask(int how, const sigset_t *set, sigset_t *old) {
    int error = pthread_sigmask(how, set, old);
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}
