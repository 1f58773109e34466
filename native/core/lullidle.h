/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opportunistic worker: management work in bounded steps, on a processor whose guests all rest.
 *
 * It is C so that its thread is never in the middle of Java while it is in SCHED_IDLE: a guest that wakes up takes the
 * processor from it for as long as it likes, and a thread that stands still in Java holds up every safepoint of the JVM.
 * So lull_idle_run enters SCHED_IDLE after it was called and leaves it before it returns.
 */
#ifndef LULLIDLE_H
#define LULLIDLE_H

#include <stdint.h>

/* Buckets of KVM's halt_wait_hist: of a rest of n nanoseconds the one numbered by n's bit length, the last for all longer. */
#define LULL_IDLE_GAP_BUCKETS 32

/* What a step came to, and why lull_idle_run returned. */
#define LULL_STEP_DONE 0
#define LULL_STEP_MORE 1
#define LULL_STEP_BLOCKED 2

/*
 * The other reasons for lull_idle_run and lull_idle_await to return: request was not 0; or a negated errno. EPERM: a thread
 * without CAP_SYS_NICE may enter SCHED_IDLE and not leave it. EIO: the statistics of a vCPU could not be read.
 */
#define LULL_IDLE_REQUESTED 3

/* How the worker comes by its processor; all but the first are there to be compared with it. */
#define LULL_IDLE_CONFIRMED 0
#define LULL_IDLE_SCHED_IDLE 1
#define LULL_IDLE_NICE_19 2
#define LULL_IDLE_NORMAL 3

/* Kinds of record. */
#define LULL_RECORD_STEP 1
#define LULL_RECORD_REST 2

/*
 * Work of which step does a part, to end before the clock (CLOCK_MONOTONIC) shows deadline_nanos, and returns LULL_STEP_*.
 * Every kind of work begins with this structure.
 */
struct lull_task {
	int32_t (*step)(struct lull_task *task, uint64_t deadline_nanos);
	/* Of the work's smallest part: what it has cost at the most lately. A step that it would overrun is not begun. */
	uint64_t unit_nanos;
	/* Done so far. */
	uint64_t units;
	uint64_t bytes;
	uint32_t id;
	uint32_t reserved;
};

/*
 * How long steps took, in the buckets of an HdrHistogram of two significant digits: 128 for each power of two, and the first 128
 * below for single nanoseconds. What is longer than the last counts there.
 */
#define LULL_STEP_BUCKETS 3840

/* The account of a task's steps. */
struct lull_account {
	uint64_t steps;
	/* Those in which a guest woke up. */
	uint64_t preempted;
	/* What they took; of one in which a guest woke up no more than a step may take, as the rest may have been the guest's. */
	uint64_t worked_nanos;
	uint64_t buckets[LULL_STEP_BUCKETS];
};

/* A vCPU that is at home on the worker's processor. */
struct lull_idle_vcpu {
	/* KVM_GET_STATS_FD, where the values below begin in that file, and the number of those up to their end; each is 8 bytes. */
	int32_t stats_fd;
	uint32_t values;
	uint64_t values_offset;
	/* Which of the values they are. */
	uint32_t blocking;
	uint32_t halt_wait_hist;
	uint32_t halt_wakeup;
	uint32_t reserved;
	/* halt_wakeup, and the sum of halt_wait_hist, as they were at the last look. */
	uint64_t wakeups;
	uint64_t ended;
	/* How long it rested of late, and KVM's histogram, and the sum of its buckets, as they were when that was learned. */
	uint64_t gaps[LULL_IDLE_GAP_BUCKETS];
	uint64_t seen[LULL_IDLE_GAP_BUCKETS];
	uint64_t learned;
	/* Of gaps, those in the buckets after each. */
	uint64_t longer[LULL_IDLE_GAP_BUCKETS];
};

/* The loop of a machine's devices. */
struct lull_idle_loop {
	/* An epoll descriptor: readable means that the guest has asked for something that nobody has looked at. */
	int32_t epoll_fd;
	/* Not 0: the machine has vCPUs that are not at home on the worker's processor, and may ask while those there rest. */
	uint32_t elsewhere;
	/* Not 0 while the loop does something. */
	const uint32_t *busy;
};

/* Something that happened, in nanoseconds of CLOCK_MONOTONIC. */
struct lull_idle_record {
	uint64_t begin_nanos;
	uint64_t end_nanos;
	/* Halts of the vCPUs that are over, by halt_wait_hist, and one more: the name of the rest. */
	uint64_t halts;
	/* Where the step began and ended. */
	uint16_t begin_cpu;
	uint16_t end_cpu;
	uint16_t task;
	uint8_t kind;
	/* Of a step: LULL_STEP_*, and 16 if a guest woke up meanwhile. */
	uint8_t outcome;
};
#define LULL_OUTCOME_PREEMPTED 16

struct lull_idle {
	/* Not 0: lull_idle_run is to return. Set it first, then signal request_fd, an eventfd, which wakes a sleeping worker. */
	uint32_t request;
	int32_t request_fd;
	uint32_t policy;
	uint32_t vcpu_count;
	uint32_t loop_count;
	uint32_t record_capacity;
	/*
	 * Where the calls work: their thread is confined to this processor while it is in them, and to those it was confined to
	 * before when it comes out, as what it does then is not the guests' idle time. Less than 0: wherever it is.
	 */
	int32_t home_cpu;
	uint32_t reserved;
	struct lull_idle_vcpu **vcpus;
	struct lull_idle_loop **loops;
	/* What happened; record_capacity is 0 if nobody wants to know. */
	struct lull_idle_record *records;
	uint64_t record_count;
	/* Of the task that is run. */
	struct lull_account *account;
	/* Bounds of a step. */
	uint64_t min_step_nanos;
	uint64_t max_step_nanos;
	/* How long a call may go on, and how long if the vCPUs do not rest. */
	uint64_t batch_nanos;
	uint64_t patience_nanos;

	/* Counted: steps, and those of them in which a guest woke up. */
	uint64_t steps;
	uint64_t preempted;
	/* Looks that found a guest awake, requests not yet submitted, or probably too little time left. */
	uint64_t awake;
	uint64_t io_first;
	uint64_t declined;

	/* The rest the vCPUs are in, when it was first and last seen, and whether a step was taken; halts is 0 for none. */
	uint64_t rest_used;
	uint64_t rest_halts;
	uint64_t rest_begin_nanos;
	uint64_t rest_end_nanos;

	/* When the vCPUs were looked at last, when the worker ran last, and until when it may be owed some of its weight. */
	uint64_t looked_nanos;
	uint64_t ran_nanos;
	uint64_t owed_until_nanos;

	/* A step of which no look has told yet whether its guests slept through it; its kind is 0 for none. */
	struct lull_idle_record last_step;
};

/*
 * Steps of task, one after another, each begun while all vCPUs rest, until the task ends or has to wait, request is not 0,
 * batch_nanos are over, the vCPUs do not rest for patience_nanos or the records are full. Its steps go to idle's account. Called by one thread.
 */
int32_t lull_idle_run(struct lull_idle *idle, struct lull_task *task);

/*
 * Returns LULL_STEP_MORE when all vCPUs rest and will probably do so for cost_nanos, LULL_IDLE_REQUESTED, or LULL_STEP_BLOCKED
 * if batch_nanos went by: for a step that is not in C. With LULL_STEP_MORE the thread comes out at home, of the ordinary class, and
 * is to go away itself after its step.
 */
int32_t lull_idle_await(struct lull_idle *idle, uint64_t cost_nanos);

/* CLOCK_MONOTONIC, in nanoseconds. */
uint64_t lull_now_nanos(void);

/* A unit of the task's work took this long. Forgets a dear one after some dozen others: an interrupt may have been in it. */
void lull_task_learn(struct lull_task *task, uint64_t unit_nanos);

/*
 * A unit of the task's work has ended that began at *begin_nanos: learns what it took. Whether another, which begins now, will
 * probably end before the deadline.
 */
int lull_task_goes_on(struct lull_task *task, uint64_t *begin_nanos, uint64_t deadline_nanos);

#endif
