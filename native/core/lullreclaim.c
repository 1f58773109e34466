/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lullreclaim.h"

#include <errno.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Documentation/admin-guide/mm/pagemap.rst. The shared zero page is present, and nobody's own. */
#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_EXCLUSIVE (1ull << 56)

/* A chunk that may be one huge page is left whole unless at least so many of its pages are zero. */
#define WORTH_SPLITTING (LULL_CHUNK_PAGES / 2)

/* A part of a step that came to nothing, for the thread had lost its processor: the step ends. */
#define LOST_PROCESSOR (-1)

static uint64_t involuntary_switches(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nivcsw : 0;
}

static int has(const uint64_t *bits, uint64_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

static void put(uint64_t *bits, uint64_t i)
{
	bits[i / 64] |= 1ull << i % 64;
}

static uint64_t count(const uint64_t *bits)
{
	uint64_t sum = 0;

	for (int i = 0; i < LULL_CHUNK_PAGES / 64; i++)
		sum += (uint64_t)__builtin_popcountll(bits[i]);
	return sum;
}

static uint64_t pages_of_chunk(const struct lull_reclaim_task *reclaim)
{
	uint64_t left = reclaim->regions[reclaim->region].bytes / LULL_PAGE_BYTES - reclaim->first;

	return left < LULL_CHUNK_PAGES ? left : LULL_CHUNK_PAGES;
}

static uint8_t *page_of_chunk(const struct lull_reclaim_task *reclaim, uint64_t page)
{
	return (uint8_t *)reclaim->regions[reclaim->region].host + (reclaim->first + page) * LULL_PAGE_BYTES;
}

static int32_t fail(struct lull_reclaim_task *reclaim, int error)
{
	reclaim->error = (uint64_t)error;
	return LULL_STEP_DONE;
}

static void leave_chunk(struct lull_reclaim_task *reclaim)
{
	reclaim->first += pages_of_chunk(reclaim);
	reclaim->phase = LULL_RECLAIM_ENTER;
	if (reclaim->first == reclaim->regions[reclaim->region].bytes / LULL_PAGE_BYTES) {
		reclaim->first = 0;
		reclaim->region++;
	}
}

static int32_t enter_chunk(struct lull_reclaim_task *reclaim)
{
	uint64_t entries[LULL_CHUNK_PAGES], pages = pages_of_chunk(reclaim), own;
	size_t bytes = pages * sizeof(entries[0]);
	off_t offset = (off_t)((uintptr_t)page_of_chunk(reclaim, 0) / LULL_PAGE_BYTES * sizeof(entries[0]));

	if (pread(reclaim->pagemap_fd, entries, bytes, offset) != (ssize_t)bytes)
		return fail(reclaim, EIO);
	memset(reclaim->own, 0, sizeof(reclaim->own));
	memset(reclaim->zero, 0, sizeof(reclaim->zero));
	for (uint64_t i = 0; i < pages; i++)
		if (entries[i] & PAGEMAP_PRESENT && entries[i] & PAGEMAP_EXCLUSIVE)
			put(reclaim->own, i);
	own = count(reclaim->own);
	reclaim->absent_pages += pages - own;
	reclaim->task.units += pages - own;
	reclaim->next = 0;
	reclaim->phase = LULL_RECLAIM_LOOK;
	if (own == 0)
		leave_chunk(reclaim);
	return LULL_STEP_MORE;
}

static void look(struct lull_reclaim_task *reclaim)
{
	uint64_t pages = pages_of_chunk(reclaim), zero;

	for (int looked = 0; reclaim->next < pages && looked < LULL_HOLD_PAGES; reclaim->next++) {
		if (!has(reclaim->own, reclaim->next))
			continue;
		if (lull_is_zero(page_of_chunk(reclaim, reclaim->next)))
			put(reclaim->zero, reclaim->next);
		looked++;
		reclaim->task.units++;
		reclaim->task.bytes += LULL_PAGE_BYTES;
	}
	if (reclaim->next < pages)
		return;
	zero = count(reclaim->zero);
	reclaim->zero_pages += zero;
	reclaim->next = 0;
	reclaim->phase = LULL_RECLAIM_GIVE_BACK;
	if (zero != 0 && zero < WORTH_SPLITTING && count(reclaim->own) == LULL_CHUNK_PAGES) {
		reclaim->kept_pages += zero;
		leave_chunk(reclaim);
	}
}

/* Of pages that are held: discards those that are still zero; 0 or an errno. */
static int discard_zero(struct lull_reclaim_task *reclaim, uint8_t *page, uint64_t pages)
{
	for (uint64_t i = 0; i < pages;) {
		uint64_t run = 0;

		while (i + run < pages && lull_is_zero(page + (i + run) * LULL_PAGE_BYTES))
			run++;
		if (run != 0 && madvise(page + i * LULL_PAGE_BYTES, run * LULL_PAGE_BYTES, MADV_DONTNEED) != 0)
			return errno;
		reclaim->returned_pages += run;
		i += run;
		if (i < pages) {
			reclaim->rewritten_pages++;
			i++;
		}
	}
	return 0;
}

/* The moment in which writers wait. */
static int32_t hold(struct lull_reclaim_task *reclaim, uint8_t *page, uint64_t pages)
{
	uint64_t begin = lull_now_nanos(), nanos;
	int fd = reclaim->userfaults_fd, wait = 0, left;
	int error = lull_write_protect(fd, page, pages, UFFDIO_WRITEPROTECT_MODE_WP);

	if (error == 0) {
		wait = __atomic_load_n(reclaim->reads, __ATOMIC_SEQ_CST) != 0;
		if (!wait)
			error = discard_zero(reclaim, page, pages);
	}
	left = lull_write_protect(fd, page, pages, 0);
	nanos = lull_now_nanos() - begin;
	reclaim->holds++;
	if (nanos > reclaim->longest_hold_nanos)
		reclaim->longest_hold_nanos = nanos;
	if (error != 0 || left != 0)
		return fail(reclaim, error != 0 ? error : left);
	if (wait) {
		reclaim->put_off++;
		return LULL_STEP_BLOCKED;
	}
	return LULL_STEP_MORE;
}

/* As hold, by a thread that nobody keeps off its processor for long. */
static int32_t hold_in_haste(struct lull_reclaim_task *reclaim, uint8_t *page, uint64_t pages, uint64_t switches)
{
	struct sched_param none = {0};
	int idle = sched_getscheduler(0) == SCHED_IDLE;
	int32_t outcome = LOST_PROCESSOR;

	if (idle && sched_setscheduler(0, SCHED_OTHER, &none) != 0)
		return fail(reclaim, errno);
	if (involuntary_switches() == switches)
		outcome = hold(reclaim, page, pages);
	/* A guest that woke up meanwhile was not let in at once, and a change of class alone does not let it. */
	if (idle) {
		if (sched_setscheduler(0, SCHED_IDLE, &none) != 0)
			return fail(reclaim, errno);
		sched_yield();
	}
	return outcome;
}

static int32_t give_back(struct lull_reclaim_task *reclaim, uint64_t switches)
{
	uint64_t pages = pages_of_chunk(reclaim), run = 0;

	while (reclaim->next < pages && !has(reclaim->zero, reclaim->next))
		reclaim->next++;
	while (reclaim->next + run < pages && run < LULL_HOLD_PAGES && has(reclaim->zero, reclaim->next + run))
		run++;
	if (run == 0) {
		leave_chunk(reclaim);
		return LULL_STEP_MORE;
	}
	/* Not the check that counts, which is within the hold; it saves the hold. */
	if (__atomic_load_n(reclaim->reads, __ATOMIC_RELAXED) != 0) {
		reclaim->put_off++;
		return LULL_STEP_BLOCKED;
	}
	int32_t outcome = hold_in_haste(reclaim, page_of_chunk(reclaim, reclaim->next), run, switches);
	if (outcome == LULL_STEP_MORE)
		reclaim->next += run;
	return outcome;
}

static int32_t do_part(struct lull_reclaim_task *reclaim, uint64_t switches)
{
	switch (reclaim->phase) {
	case LULL_RECLAIM_ENTER:
		return enter_chunk(reclaim);
	case LULL_RECLAIM_LOOK:
		look(reclaim);
		return LULL_STEP_MORE;
	default:
		return give_back(reclaim, switches);
	}
}

int32_t lull_reclaim_step(struct lull_task *task, uint64_t deadline_nanos)
{
	struct lull_reclaim_task *reclaim = (struct lull_reclaim_task *)task;
	uint64_t before = lull_now_nanos(), switches = involuntary_switches();

	while (reclaim->region < reclaim->region_count && reclaim->error == 0) {
		int32_t outcome = do_part(reclaim, switches);

		if (outcome != LULL_STEP_MORE)
			return outcome == LOST_PROCESSOR ? LULL_STEP_MORE : outcome;
		if (!lull_task_goes_on(task, &before, deadline_nanos))
			return LULL_STEP_MORE;
	}
	return LULL_STEP_DONE;
}
