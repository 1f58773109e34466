/* SPDX-License-Identifier: Apache-2.0 */
#include "lullstay.h"

#include <stdint.h>
#include <sys/rseq.h>
#include <time.h>

/* The address to go to from within the sequence has to come after the signature the C library registered. */
static const struct {
	uint32_t signature;
	uint32_t unreachable[1];
} nowhere = {.signature = RSEQ_SIG};

static const struct rseq_cs never = {
	.start_ip = (uintptr_t)&never,
	.post_commit_offset = 1,
	.abort_ip = (uintptr_t)nowhere.unreachable,
};

enum { UNKNOWN, TELLS, DOES_NOT_TELL };

/* Of this host; threads that find it out at the same time find the same. */
static int answer;

static uint64_t *sequence(void)
{
	struct rseq *area = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);

	return (uint64_t *)&area->rseq_cs;
}

static void set_sequence(uint64_t address)
{
	__atomic_store_n(sequence(), address, __ATOMIC_SEQ_CST);
}

/* A thread that sleeps gives its processor up: a kernel that would not tell of that is not believed at all. */
static int find_out(void)
{
	struct timespec shortest = {.tv_nsec = 1};

	if (__rseq_size == 0)
		return DOES_NOT_TELL;
	set_sequence((uintptr_t)&never);
	nanosleep(&shortest, NULL);
	return __atomic_load_n(sequence(), __ATOMIC_SEQ_CST) == 0 ? TELLS : DOES_NOT_TELL;
}

void lull_stay_begin(void)
{
	if (__atomic_load_n(&answer, __ATOMIC_RELAXED) == UNKNOWN)
		__atomic_store_n(&answer, find_out(), __ATOMIC_RELAXED);
	if (__atomic_load_n(&answer, __ATOMIC_RELAXED) == TELLS)
		set_sequence((uintptr_t)&never);
}

enum lull_stay lull_stay(void)
{
	if (__atomic_load_n(&answer, __ATOMIC_RELAXED) != TELLS)
		return LULL_STAY_UNKNOWN;
	return __atomic_load_n(sequence(), __ATOMIC_SEQ_CST) != 0 ? LULL_STAYED : LULL_LEFT;
}

void lull_stay_end(void)
{
	if (__rseq_size != 0)
		set_sequence(0);
}
