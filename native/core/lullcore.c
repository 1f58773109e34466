/* SPDX-License-Identifier: Apache-2.0 */
#include "lullcore.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

int lull_vcpu_run(int vcpu_fd, struct kvm_run *run, const uint32_t *request)
{
	for (;;) {
		if (ioctl(vcpu_fd, KVM_RUN, 0) == 0)
			return (int)run->exit_reason;
		/* EAGAIN: the vCPU waits for its start-up interrupt and was woken for another reason. */
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
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
