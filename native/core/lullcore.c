/* SPDX-License-Identifier: Apache-2.0 */
#include "lullcore.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

/*
 * ioctl(2) without the C library, whose own is as long as all the rest of an exit here: it reads its variable arguments
 * back from the stack, guards that, and keeps errno. Returns the result or a negated errno, as the kernel does.
 */
static inline long kvm_run(int vcpu_fd)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"((long)SYS_ioctl), "D"((long)vcpu_fd), "S"((long)KVM_RUN), "d"(0L)
			 : "rcx", "r11", "memory");
	return result;
}

int lull_vcpu_run(int vcpu_fd, struct kvm_run *run, const uint32_t *request)
{
	for (;;) {
		long result = kvm_run(vcpu_fd);

		if (__builtin_expect(result == 0, 1))
			return (int)run->exit_reason;
		/* EAGAIN: the vCPU waits for its start-up interrupt and was woken for another reason. */
		if (result != -EINTR && result != -EAGAIN)
			return (int)result;
		__atomic_store_n(&run->immediate_exit, 0, __ATOMIC_SEQ_CST);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (__atomic_load_n(request, __ATOMIC_SEQ_CST) != 0)
			return -EINTR;
	}
}

static void do_nothing(int number)
{
	(void)number;
}

int lull_install_kick_handler(int number)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = do_nothing;
	return sigaction(number, &action, 0) == 0 ? 0 : -errno;
}
