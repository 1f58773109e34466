/* SPDX-License-Identifier: Apache-2.0 */
#include "lullcore.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

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

static inline int64_t port_exit(const struct kvm_run *run)
{
	const void *data = (const uint8_t *)run + LULL_EXIT_DATA_OFFSET;
	uint64_t value = 0;
	uint32_t access;

	_Static_assert(offsetof(struct kvm_run, io.size) == offsetof(struct kvm_run, io.direction) + 1 &&
			       offsetof(struct kvm_run, io.port) == offsetof(struct kvm_run, io.direction) + 2,
		       "direction, size and port are in the order of what is returned");
	_Static_assert((LULL_EXIT_PORT_READ | KVM_EXIT_IO_OUT) == LULL_EXIT_PORT_WRITE && KVM_EXIT_IO_IN == 0,
		       "the direction is the lowest bit");
	memcpy(&access, &run->io.direction, sizeof(access));
	if (__builtin_expect((uint16_t)access == (KVM_EXIT_IO_OUT | 1 << LULL_EXIT_BYTES_SHIFT), 1))
		value = *(const uint8_t *)data;
	else if ((uint16_t)access == (KVM_EXIT_IO_OUT | 2 << LULL_EXIT_BYTES_SHIFT))
		value = *(const uint16_t *)data;
	else if (run->io.direction == KVM_EXIT_IO_OUT)
		value = *(const uint32_t *)data;
	return (int64_t)((value << LULL_EXIT_VALUE_SHIFT) + access + LULL_EXIT_PORT_READ);
}

/* What lull_vcpu_run returns for an exit. */
static inline int64_t decode(const struct kvm_run *run)
{
	if (run->exit_reason == KVM_EXIT_IO && run->io.count == 1 && run->io.data_offset == LULL_EXIT_DATA_OFFSET)
		return port_exit(run);
	return run->exit_reason;
}

int64_t lull_vcpu_run(int vcpu_fd, struct kvm_run *run, const uint32_t *request)
{
	for (;;) {
		long result = kvm_run(vcpu_fd);

		if (__builtin_expect(result == 0, 1))
			return decode(run);
		/* EAGAIN: the vCPU waits for its start-up interrupt and was woken for another reason. */
		if (result != -EINTR && result != -EAGAIN)
			return result;
		__atomic_store_n(&run->immediate_exit, 0, __ATOMIC_SEQ_CST);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (__atomic_load_n(request, __ATOMIC_SEQ_CST) != 0)
			return -EINTR;
	}
}

uint64_t lull_ticks(void)
{
	uint32_t low, high;

	/* RDTSC waits for nothing and nothing waits for it, but for LFENCE (Intel SDM volume 2, RDTSC). */
	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

uint64_t lull_sample_clock(uint64_t *sample)
{
	enum { TRIES = 100 };
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		struct timespec now;
		uint64_t before = lull_ticks(), spread;

		clock_gettime(CLOCK_MONOTONIC_RAW, &now);
		spread = lull_ticks() - before;
		if (spread < best) {
			best = spread;
			sample[0] = before + spread / 2;
			sample[1] = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
		}
	}
	return best;
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
