/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lullidle.h"
#include "lullgaps.h"
#include "lullstay.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NANOS_PER_SECOND 1000000000ull

/* The values looked at are within some 100 of KVM's; with more than these in between they are not looked for. */
#define MAX_VALUES 512

/* Rests learned at once, and before any is believed. */
#define LEARN_HALTS 8
#define FEW_GAPS 16

/*
 * How long a rest that is too young for a step is waited for, and after which it is looked whether vCPUs that nobody woke up still
 * block, where it is not known that none has run: a signal may have taken one out of KVM.
 */
#define MAX_TRUST_NANOS 1000000ull

/*
 * A guest that wakes up takes the processor from a thread in SCHED_IDLE at once, unless it has had that much more of its share: the
 * worker's has 3 of weight, the guest's 1024, or 110 if it is niced by 10. So after running for a 36th of the time that it was away
 * the worker has had what it was owed; or after a few microseconds, if it slept.
 */
#define OWED_PART 32
#define OWED_NANOS 10000ull

/*
 * Looks that found a guest awake before the worker sleeps between looks, and for how long; a request that is not submitted
 * yet soon will be, so that it is worth waiting for as long as the shortest sleep.
 */
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

int lull_task_goes_on(struct lull_task *task, uint64_t *begin_nanos, uint64_t deadline_nanos)
{
	uint64_t now = lull_now_nanos();

	lull_task_learn(task, now - *begin_nanos);
	*begin_nanos = now;
	return now + task->unit_nanos <= deadline_nanos;
}

static int probably_lasts(const struct lull_idle *idle, uint64_t age_nanos, uint64_t more_nanos)
{
	for (uint32_t i = 0; i < idle->vcpu_count; i++) {
		const struct lull_idle_vcpu *vcpu = idle->vcpus[i];
		uint64_t as_long = lull_gaps_of_at_least(vcpu, age_nanos);

		if (as_long >= (uint64_t)FEW_GAPS << 8 && 2 * lull_gaps_of_at_least(vcpu, age_nanos + more_nanos) < as_long)
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
		uint64_t ended = 0;

		if (pread(vcpu->stats_fd, values, bytes, (off_t)vcpu->values_offset) != (ssize_t)bytes)
			return FAILED;
		for (int bucket = 0; bucket < LULL_IDLE_GAP_BUCKETS; bucket++)
			ended += values[vcpu->halt_wait_hist + bucket];
		*halts += ended;
		/* Of a wake-up that came to nothing the next look does not tell again. */
		int woken = ended == vcpu->ended && values[vcpu->halt_wakeup] != vcpu->wakeups;
		vcpu->wakeups = values[vcpu->halt_wakeup];
		vcpu->ended = ended;
		if (ended - vcpu->learned >= LEARN_HALTS) {
			lull_learn_gaps(vcpu, &values[vcpu->halt_wait_hist]);
			vcpu->learned = ended;
		}
		if (!values[vcpu->blocking] || woken)
			return AWAKE;
	}
	return RESTS;
}

/*
 * A guest rings a doorbell and halts; what it asked for comes before any work of ours. One that has rested since it was asked
 * last, as a whole, has not rung since.
 */
static int requests_wait(const struct lull_idle *idle, int rested)
{
	for (uint32_t i = 0; i < idle->loop_count; i++) {
		const struct lull_idle_loop *loop = idle->loops[i];
		struct pollfd doorbells = {.fd = loop->epoll_fd, .events = POLLIN};

		/* The loop is busy before it takes an event; so it is asked once more after the events were. */
		if (__atomic_load_n(loop->busy, __ATOMIC_SEQ_CST) != 0)
			return 1;
		if (rested && !loop->elsewhere)
			continue;
		if (poll(&doorbells, 1, 0) != 0 || __atomic_load_n(loop->busy, __ATOMIC_SEQ_CST) != 0)
			return 1;
	}
	return 0;
}

static void put_record(struct lull_idle *idle, const struct lull_idle_record *record)
{
	if (idle->record_capacity != 0)
		idle->records[idle->record_count++] = *record;
}

static void end_rest(struct lull_idle *idle)
{
	if (idle->rest_used) {
		struct lull_idle_record record = {
			.begin_nanos = idle->rest_begin_nanos,
			.end_nanos = idle->rest_end_nanos,
			.halts = idle->rest_halts,
			.kind = LULL_RECORD_REST,
		};

		record.begin_cpu = record.end_cpu = (uint16_t)sched_getcpu();
		put_record(idle, &record);
	}
	idle->rest_used = 0;
	idle->rest_halts = 0;
}

static uint32_t step_bucket(uint64_t nanos)
{
	int shift = 64 - __builtin_clzll(nanos | 0xff) - 8;
	uint64_t bucket = ((uint64_t)shift << 7) + (nanos >> shift);

	return bucket < LULL_STEP_BUCKETS ? (uint32_t)bucket : LULL_STEP_BUCKETS - 1;
}

static void judge_last_step(struct lull_idle *idle, int rests, uint64_t halts)
{
	struct lull_idle_record *step = &idle->last_step;
	struct lull_account *account = idle->account;
	uint64_t nanos = step->end_nanos - step->begin_nanos;

	if (step->kind == 0)
		return;
	account->steps++;
	account->buckets[step_bucket(nanos)]++;
	if (!rests || step->halts != halts) {
		step->outcome |= LULL_OUTCOME_PREEMPTED;
		idle->preempted++;
		account->preempted++;
		if (nanos > idle->max_step_nanos)
			nanos = idle->max_step_nanos;
	}
	account->worked_nanos += nanos;
	put_record(idle, step);
	step->kind = 0;
}

/*
 * Whether a vCPU was woken up since the last look. It is blocking until it runs, and it runs late if the scheduler owes the worker
 * some of SCHED_IDLE's small weight: then the worker keeps its processor, up to the next tick, unless it gives it up.
 */
static int somebody_woke_up(const struct lull_idle *idle)
{
	for (uint32_t i = 0; i < idle->vcpu_count; i++) {
		const struct lull_idle_vcpu *vcpu = idle->vcpus[i];
		off_t offset = (off_t)(vcpu->values_offset + vcpu->halt_wakeup * sizeof(uint64_t));
		uint64_t wakeups;

		if (pread(vcpu->stats_fd, &wakeups, sizeof(wakeups), offset) != (ssize_t)sizeof(wakeups) ||
		    wakeups != vcpu->wakeups)
			return 1;
	}
	return 0;
}

/* Whether what the last look found still holds: while the worker keeps its processor and is owed nothing, it does. */
static int holds(const struct lull_idle *idle, uint64_t now)
{
	enum lull_stay stay = lull_stay();

	if (stay == LULL_LEFT || (stay == LULL_STAY_UNKNOWN && now - idle->looked_nanos >= MAX_TRUST_NANOS))
		return 0;
	return (stay == LULL_STAYED && now >= idle->owed_until_nanos) || !somebody_woke_up(idle);
}

/* The worker was away since it ran last, and what it was owed then it is owed still: only by running it gets that. */
static void add_owed(struct lull_idle *idle, uint64_t now)
{
	uint64_t owed = idle->owed_until_nanos > idle->ran_nanos ? idle->owed_until_nanos - idle->ran_nanos : 0;

	if (owed < OWED_NANOS)
		owed = OWED_NANOS;
	idle->owed_until_nanos = now + owed + (now - idle->ran_nanos) / OWED_PART;
}

/* A rest that was seen begins when a look has found it, and ends when the last look that found it began. */
static enum look look(struct lull_idle *idle)
{
	uint64_t before = lull_now_nanos(), halts;

	if (lull_stay() != LULL_STAYED)
		add_owed(idle, before);
	idle->ran_nanos = idle->looked_nanos = before;
	lull_stay_begin();
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
	return requests_wait(idle, 0) ? IO_FIRST : RESTS;
}

/* How long the next step may be in the rest that the last look found; 0 if the worker has to look again. */
static uint64_t choose_next_step(const struct lull_idle *idle, const struct lull_task *task, uint64_t now)
{
	if (idle->policy != LULL_IDLE_CONFIRMED || idle->rest_halts == 0 || requests_wait(idle, 1) ||
	    __atomic_load_n(&idle->request, __ATOMIC_SEQ_CST) != 0)
		return 0;
	uint64_t step_nanos = choose_step(idle, task->unit_nanos, now);
	return holds(idle, now) ? step_nanos : 0;
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
 * The older a rest the longer it probably lasts: the length of a step in one that was too young for any, or 0 if it ended or has to
 * be looked at. To sleep meanwhile would set a timer, and that interrupts the guest which has woken up by then.
 */
static uint64_t await_older_rest(const struct lull_idle *idle, uint64_t unit_nanos)
{
	uint64_t step_nanos = 0, now = lull_now_nanos(), until_nanos = now + MAX_TRUST_NANOS;

	while (step_nanos == 0 && now < until_nanos && holds(idle, now) &&
	       __atomic_load_n(&idle->request, __ATOMIC_SEQ_CST) == 0) {
		now = lull_now_nanos();
		step_nanos = choose_step(idle, unit_nanos, now);
	}
	return step_nanos;
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
	uint64_t sleep_nanos = MIN_SLEEP_NANOS, io_since_nanos = 0;
	uint32_t fruitless = 0;

	for (;;) {
		if (__atomic_load_n(&idle->request, __ATOMIC_SEQ_CST) != 0)
			return LULL_IDLE_REQUESTED;
		if (idle->policy != LULL_IDLE_CONFIRMED) {
			*step_nanos = idle->max_step_nanos;
			return LULL_STEP_MORE;
		}
		/* Who woke up already and waits for the processor has it now. */
		sched_yield();
		enum look found = look(idle);
		uint64_t now = lull_now_nanos();

		if (found == FAILED)
			return -EIO;
		if (found == RESTS) {
			*step_nanos = choose_step(idle, *unit_nanos, now);
			if (*step_nanos == 0) {
				idle->declined++;
				/* What was learned to be dear is tried again some time. */
				*unit_nanos -= *unit_nanos / 8;
				*step_nanos = await_older_rest(idle, *unit_nanos);
			}
			if (*step_nanos != 0)
				return LULL_STEP_MORE;
		} else {
			int soon;

			if (found == AWAKE) {
				idle->awake++;
				soon = ++fruitless < LOOKS_BEFORE_SLEEP;
			} else {
				idle->io_first++;
				if (io_since_nanos == 0)
					io_since_nanos = now;
				soon = now - io_since_nanos < MIN_SLEEP_NANOS;
			}
			if (!soon) {
				sleep_until_request(idle, sleep_nanos);
				sleep_nanos = sleep_nanos * 2 < MAX_SLEEP_NANOS ? sleep_nanos * 2 : MAX_SLEEP_NANOS;
			}
		}
		if (lull_now_nanos() >= until_nanos)
			return LULL_STEP_BLOCKED;
	}
}

static int32_t do_step(struct lull_idle *idle, struct lull_task *task, uint64_t begin_nanos, uint64_t step_nanos)
{
	struct lull_idle_record *record = &idle->last_step;

	if (idle->policy == LULL_IDLE_CONFIRMED) {
		judge_last_step(idle, 1, idle->rest_halts);
		idle->rest_end_nanos = begin_nanos;
		idle->rest_used = 1;
	}
	record->task = (uint16_t)task->id;
	record->halts = idle->rest_halts;
	record->begin_cpu = (uint16_t)sched_getcpu();
	record->begin_nanos = begin_nanos;
	int32_t outcome = task->step(task, begin_nanos + step_nanos);
	record->end_nanos = lull_now_nanos();
	record->end_cpu = (uint16_t)sched_getcpu();
	record->outcome = (uint8_t)outcome;
	record->kind = LULL_RECORD_STEP;
	idle->steps++;
	if (idle->policy != LULL_IDLE_CONFIRMED)
		judge_last_step(idle, 1, record->halts);
	return outcome;
}

/* An iteration leaves a record of a step, and one of the rest before it if that has ended; so does what follows the last. */
static int records_are_full(const struct lull_idle *idle)
{
	return idle->record_capacity != 0 && idle->record_count + 4 > idle->record_capacity;
}

static int32_t run(struct lull_idle *idle, struct lull_task *task)
{
	uint64_t now = lull_now_nanos(), end_nanos = now + idle->batch_nanos;

	while (now < end_nanos && !records_are_full(idle)) {
		uint64_t patient_nanos = now + idle->patience_nanos;
		uint64_t step_nanos = choose_next_step(idle, task, now);
		int32_t result;

		if (step_nanos == 0) {
			result = await_rest(idle, &task->unit_nanos, patient_nanos < end_nanos ? patient_nanos : end_nanos,
					    &step_nanos);
			if (result != LULL_STEP_MORE)
				return result == LULL_STEP_BLOCKED ? LULL_STEP_MORE : result;
			now = lull_now_nanos();
			if (idle->policy == LULL_IDLE_CONFIRMED && !holds(idle, now))
				continue;
		}
		result = do_step(idle, task, now, step_nanos);
		if (result != LULL_STEP_MORE)
			return result;
		now = idle->ran_nanos = idle->last_step.end_nanos;
	}
	return LULL_STEP_MORE;
}

/*
 * Makes the calling thread one of policy, and takes it home: in this order, for at home it must not be an ordinary thread. A
 * negated errno if the kernel refuses.
 */
static int32_t enter_class(uint32_t policy)
{
	struct sched_param none = {0};

	if (policy == LULL_IDLE_CONFIRMED || policy == LULL_IDLE_SCHED_IDLE)
		return sched_setscheduler(0, SCHED_IDLE, &none) == 0 ? 0 : -errno;
	if (policy == LULL_IDLE_NICE_19)
		return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19) == 0 ? 0 : -errno;
	return 0;
}

static int32_t leave_class(uint32_t policy)
{
	struct sched_param none = {0};

	if (policy == LULL_IDLE_CONFIRMED || policy == LULL_IDLE_SCHED_IDLE)
		return sched_setscheduler(0, SCHED_OTHER, &none) == 0 ? 0 : -errno;
	if (policy == LULL_IDLE_NICE_19)
		return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 0) == 0 ? 0 : -errno;
	return 0;
}

static int32_t enter(struct lull_idle *idle, cpu_set_t *away)
{
	cpu_set_t home;
	int32_t result = enter_class(idle->policy);

	/* Until now it was an ordinary thread, or asleep for want of work: of that time it is owed nothing. */
	idle->ran_nanos = idle->owed_until_nanos = lull_now_nanos();
	if (result != 0 || idle->home_cpu < 0)
		return result;
	CPU_ZERO(&home);
	CPU_SET((size_t)idle->home_cpu, &home);
	if (sched_getaffinity(0, sizeof(*away), away) == 0 && sched_setaffinity(0, sizeof(home), &home) == 0)
		return 0;
	result = -errno;
	leave_class(idle->policy);
	return result;
}

static int32_t leave(struct lull_idle *idle, const cpu_set_t *away)
{
	int32_t moved = idle->home_cpu < 0 || sched_setaffinity(0, sizeof(*away), away) == 0 ? 0 : -errno;
	int32_t left = leave_class(idle->policy);

	return moved != 0 ? moved : left;
}

int32_t lull_idle_run(struct lull_idle *idle, struct lull_task *task)
{
	cpu_set_t away;
	int32_t result = enter(idle, &away), left;

	if (result != 0)
		return result;
	result = run(idle, task);
	if (idle->last_step.kind != 0 && look(idle) == FAILED) {
		judge_last_step(idle, 0, 0);
		if (result >= 0)
			result = -EIO;
	}
	end_rest(idle);
	lull_stay_end();
	left = leave(idle, &away);
	return left != 0 ? left : result;
}

int32_t lull_idle_await(struct lull_idle *idle, uint64_t cost_nanos)
{
	uint64_t step_nanos;
	cpu_set_t away;
	int32_t result = enter(idle, &away), left;

	if (result != 0)
		return result;
	result = await_rest(idle, &cost_nanos, lull_now_nanos() + idle->batch_nanos, &step_nanos);
	end_rest(idle);
	lull_stay_end();
	left = result == LULL_STEP_MORE ? leave_class(idle->policy) : leave(idle, &away);
	return left != 0 ? left : result;
}
