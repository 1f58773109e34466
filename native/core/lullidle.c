/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lullidle.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NANOS_PER_SECOND 1000000000ull

/* KVM's vCPU statistics are some 140 values; more than these are not looked for. */
#define MAX_VALUES 512

/* Rests learned before any is believed, and after how many the old ones count half. */
#define FEW_GAPS 16
#define MANY_GAPS 4096

/* Looks in a row that found a guest awake before the worker sleeps between looks, and for how long. */
#define LOOKS_BEFORE_SLEEP 4
#define MIN_SLEEP_NANOS 100000ull
#define MAX_SLEEP_NANOS 20000000ull

enum look { RESTS, AWAKE, IO_FIRST, FAILED };

uint64_t lull_now_nanos(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NANOS_PER_SECOND + (uint64_t)now.tv_nsec;
}

void lull_task_learn(struct lull_task *task, uint64_t unit_nanos)
{
	/* A guest that woke up in the middle is in the time, too: no more than twice as dear at once. */
	if (unit_nanos >= task->unit_nanos)
		task->unit_nanos = task->unit_nanos != 0 && unit_nanos > 2 * task->unit_nanos ? 2 * task->unit_nanos : unit_nanos;
	else
		task->unit_nanos -= (task->unit_nanos - unit_nanos) / 8;
}

static void learn_gaps(struct lull_idle_vcpu *vcpu, const uint64_t *histogram)
{
	uint64_t total = 0;

	for (int i = 0; i < LULL_IDLE_GAP_BUCKETS; i++) {
		vcpu->gaps[i] += histogram[i] - vcpu->seen[i];
		vcpu->seen[i] = histogram[i];
		total += vcpu->gaps[i];
	}
	if (total > MANY_GAPS)
		for (int i = 0; i < LULL_IDLE_GAP_BUCKETS; i++)
			vcpu->gaps[i] /= 2;
}

/* How many of the rests were at least so long, in 256ths of a rest; within a bucket they are taken to be evenly spread. */
static uint64_t gaps_of_at_least(const struct lull_idle_vcpu *vcpu, uint64_t nanos)
{
	int bucket = nanos == 0 ? 0 : 64 - __builtin_clzll(nanos);
	uint64_t count = 0;

	for (int i = bucket + 1; i < LULL_IDLE_GAP_BUCKETS; i++)
		count += vcpu->gaps[i];
	count <<= 8;
	if (bucket == 0 || bucket >= LULL_IDLE_GAP_BUCKETS - 1)
		return count + (bucket < LULL_IDLE_GAP_BUCKETS ? vcpu->gaps[bucket] << 8 : 0);
	uint64_t low = 1ull << (bucket - 1);
	return count + vcpu->gaps[bucket] * (((2 * low - nanos) << 8) / low);
}

static int probably_lasts(const struct lull_idle *idle, uint64_t age_nanos, uint64_t more_nanos)
{
	for (uint32_t i = 0; i < idle->vcpu_count; i++) {
		const struct lull_idle_vcpu *vcpu = idle->vcpus[i];
		uint64_t as_long = gaps_of_at_least(vcpu, age_nanos);

		if (as_long >= (uint64_t)FEW_GAPS << 8 && 2 * gaps_of_at_least(vcpu, age_nanos + more_nanos) < as_long)
			return 0;
	}
	return 1;
}

/* The longest step that probably ends before the rest does; 0 if none. */
static uint64_t choose_step(const struct lull_idle *idle, uint64_t unit_nanos, uint64_t now)
{
	uint64_t least = unit_nanos > idle->min_step_nanos ? unit_nanos : idle->min_step_nanos;
	uint64_t age = now - idle->rest_begin_nanos;
	uint64_t step = idle->max_step_nanos;

	if (least > step)
		least = step;
	for (; step > least; step /= 2)
		if (probably_lasts(idle, age, step))
			return step;
	return probably_lasts(idle, age, least) ? least : 0;
}

/*
 * Reads of all vCPUs whether they block in KVM by a halt of their own. One that was kicked or preempted does not: the flag
 * is set in kvm_vcpu_block alone.
 */
static enum look look_at_vcpus(struct lull_idle *idle, uint64_t *halts)
{
	uint64_t values[MAX_VALUES];

	*halts = 1;
	for (uint32_t i = 0; i < idle->vcpu_count; i++) {
		struct lull_idle_vcpu *vcpu = idle->vcpus[i];
		size_t bytes = vcpu->values * sizeof(values[0]);

		if (pread(vcpu->stats_fd, values, bytes, (off_t)vcpu->values_offset) != (ssize_t)bytes)
			return FAILED;
		*halts += values[vcpu->halt_exits];
		learn_gaps(vcpu, &values[vcpu->halt_wait_hist]);
		if (!values[vcpu->blocking])
			return AWAKE;
	}
	return RESTS;
}

/* A guest rings a doorbell and halts; what it asked for comes before any work of ours. */
static int requests_wait(const struct lull_idle *idle)
{
	for (uint32_t i = 0; i < idle->loop_count; i++) {
		const struct lull_idle_loop *loop = idle->loops[i];
		struct pollfd doorbells = {.fd = loop->epoll_fd, .events = POLLIN};

		/* The loop is busy before it takes an event; so it is asked once more after the events were. */
		if (__atomic_load_n(loop->busy, __ATOMIC_SEQ_CST) != 0 || poll(&doorbells, 1, 0) != 0 ||
		    __atomic_load_n(loop->busy, __ATOMIC_SEQ_CST) != 0)
			return 1;
	}
	return 0;
}

static void end_rest(struct lull_idle *idle)
{
	if (idle->rest_used) {
		struct lull_idle_record *record = &idle->records[idle->record_count++];

		memset(record, 0, sizeof(*record));
		record->begin_nanos = idle->rest_begin_nanos;
		record->end_nanos = idle->rest_end_nanos;
		record->halts = idle->rest_halts;
		record->begin_cpu = record->end_cpu = (uint16_t)sched_getcpu();
		record->kind = LULL_RECORD_REST;
	}
	idle->rest_used = 0;
	idle->rest_halts = 0;
}

static void judge_last_step(struct lull_idle *idle, int rests, uint64_t halts)
{
	struct lull_idle_record *step = idle->last_step;

	if (step != NULL && (!rests || step->halts != halts)) {
		step->outcome |= LULL_OUTCOME_PREEMPTED;
		idle->preempted++;
	}
	idle->last_step = NULL;
}

/* How often the calling thread has lost its processor to another. */
static uint64_t involuntary_switches(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nivcsw : 0;
}

/* A rest that was seen begins when a look has found it, and ends when the last look that found it began. */
static enum look look(struct lull_idle *idle)
{
	uint64_t before = lull_now_nanos(), halts;
	enum look vcpus = look_at_vcpus(idle, &halts);

	if (vcpus == FAILED)
		return FAILED;
	judge_last_step(idle, vcpus == RESTS, halts);
	if (vcpus != RESTS) {
		end_rest(idle);
		return vcpus;
	}
	if (halts != idle->rest_halts) {
		end_rest(idle);
		idle->rest_halts = halts;
		idle->rest_begin_nanos = lull_now_nanos();
		idle->rest_end_nanos = idle->rest_begin_nanos;
	} else {
		idle->rest_end_nanos = before;
	}
	return requests_wait(idle) ? IO_FIRST : RESTS;
}

static void sleep_until_request(const struct lull_idle *idle, uint64_t nanos)
{
	struct pollfd request = {.fd = idle->request_fd, .events = POLLIN};
	struct timespec time = {
		.tv_sec = (time_t)(nanos / NANOS_PER_SECOND),
		.tv_nsec = (long)(nanos % NANOS_PER_SECOND),
	};

	ppoll(&request, 1, &time, NULL);
}

/*
 * Waits until all vCPUs rest and a step of at least *unit_nanos fits; *step_nanos is how long it may take.
 *
 * The worker stays runnable: in SCHED_IDLE it gets the processor in the moment the last vCPU gives it up, which no timer
 * could tell as soon. Where it gets it although a vCPU is awake, that is the small weight of SCHED_IDLE; it gives it back
 * at once, and sleeps longer and longer if that goes on.
 */
static int32_t await_rest(struct lull_idle *idle, uint64_t *unit_nanos, uint64_t until_nanos, uint64_t *step_nanos)
{
	uint64_t sleep_nanos = MIN_SLEEP_NANOS;
	uint32_t fruitless = 0;

	for (;;) {
		if (__atomic_load_n(&idle->request, __ATOMIC_SEQ_CST) != 0)
			return LULL_IDLE_REQUESTED;
		if (idle->policy != LULL_IDLE_CONFIRMED) {
			*step_nanos = idle->max_step_nanos;
			return LULL_STEP_MORE;
		}
		idle->switches = involuntary_switches();
		enum look found = look(idle);
		uint64_t now = lull_now_nanos();

		if (found == FAILED)
			return -EIO;
		if (found == RESTS) {
			*step_nanos = choose_step(idle, *unit_nanos, now);
			if (*step_nanos != 0)
				return LULL_STEP_MORE;
			idle->declined++;
			/* What was learned to be dear is tried again some time. */
			*unit_nanos -= *unit_nanos / 8;
			sleep_until_request(idle, idle->max_step_nanos);
		} else {
			if (found == AWAKE)
				idle->awake++;
			else
				idle->io_first++;
			if (++fruitless < LOOKS_BEFORE_SLEEP) {
				sched_yield();
			} else {
				sleep_until_request(idle, sleep_nanos);
				sleep_nanos = sleep_nanos * 2 < MAX_SLEEP_NANOS ? sleep_nanos * 2 : MAX_SLEEP_NANOS;
			}
		}
		if (lull_now_nanos() >= until_nanos)
			return LULL_STEP_BLOCKED;
	}
}

/*
 * What a look found holds until the worker loses the processor, and it does not notice when it does: a guest may have woken
 * up, and the worker be back by the small weight of SCHED_IDLE. Then it has to look again.
 */
static int32_t do_step(struct lull_idle *idle, struct lull_task *task, uint64_t step_nanos)
{
	struct lull_idle_record *record = &idle->records[idle->record_count];

	record->kind = LULL_RECORD_STEP;
	record->task = (uint16_t)task->id;
	record->halts = idle->rest_halts;
	record->begin_cpu = (uint16_t)sched_getcpu();
	record->begin_nanos = lull_now_nanos();
	if (idle->policy == LULL_IDLE_CONFIRMED) {
		if (involuntary_switches() != idle->switches)
			return LULL_STEP_MORE;
		idle->rest_used = 1;
	}
	int32_t outcome = task->step(task, record->begin_nanos + step_nanos);
	record->end_nanos = lull_now_nanos();
	record->end_cpu = (uint16_t)sched_getcpu();
	record->outcome = (uint8_t)outcome;
	idle->record_count++;
	idle->steps++;
	if (idle->policy == LULL_IDLE_CONFIRMED)
		idle->last_step = record;
	return outcome;
}

static int32_t run(struct lull_idle *idle, struct lull_task *task)
{
	uint64_t end_nanos = lull_now_nanos() + idle->batch_nanos;

	/* An iteration leaves a record of the last rest and one of a step; the step's own rest ends after the last of them. */
	while (idle->record_count + 3 <= idle->record_capacity) {
		uint64_t step_nanos;
		int32_t result = await_rest(idle, &task->unit_nanos, end_nanos, &step_nanos);

		if (result != LULL_STEP_MORE)
			return result == LULL_STEP_BLOCKED ? LULL_STEP_MORE : result;
		result = do_step(idle, task, step_nanos);
		if (result != LULL_STEP_MORE)
			return result;
		if (lull_now_nanos() >= end_nanos)
			return LULL_STEP_MORE;
	}
	return LULL_STEP_MORE;
}

/* Makes the calling thread one of policy; a negated errno if the kernel refuses. */
static int32_t enter(uint32_t policy)
{
	struct sched_param none = {0};

	if (policy == LULL_IDLE_CONFIRMED || policy == LULL_IDLE_SCHED_IDLE)
		return sched_setscheduler(0, SCHED_IDLE, &none) == 0 ? 0 : -errno;
	if (policy == LULL_IDLE_NICE_19)
		return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19) == 0 ? 0 : -errno;
	return 0;
}

static int32_t leave(uint32_t policy)
{
	struct sched_param none = {0};

	if (policy == LULL_IDLE_CONFIRMED || policy == LULL_IDLE_SCHED_IDLE)
		return sched_setscheduler(0, SCHED_OTHER, &none) == 0 ? 0 : -errno;
	if (policy == LULL_IDLE_NICE_19)
		return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 0) == 0 ? 0 : -errno;
	return 0;
}

int32_t lull_idle_run(struct lull_idle *idle, struct lull_task *task)
{
	int32_t result = enter(idle->policy), left;

	if (result != 0)
		return result;
	result = run(idle, task);
	if (idle->last_step != NULL && look(idle) == FAILED && result >= 0)
		result = -EIO;
	end_rest(idle);
	left = leave(idle->policy);
	return left != 0 ? left : result;
}

int32_t lull_idle_await(struct lull_idle *idle, uint64_t cost_nanos)
{
	uint64_t step_nanos;
	int32_t result = enter(idle->policy), left;

	if (result != 0)
		return result;
	result = await_rest(idle, &cost_nanos, lull_now_nanos() + idle->batch_nanos, &step_nanos);
	left = leave(idle->policy);
	return left != 0 ? left : result;
}
