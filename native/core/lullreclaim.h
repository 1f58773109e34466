/* SPDX-License-Identifier: Apache-2.0 */
/* Gives pages of guest memory that hold nothing but zeros back to the host, while the guest goes on. */
#ifndef LULLRECLAIM_H
#define LULLRECLAIM_H

#include "lullscan.h"

/* How many pages are looked at, or held and given back, in one part of a step. */
#define LULL_HOLD_PAGES 32

/* What the next part of a step does with the chunk it is at. */
#define LULL_RECLAIM_ENTER 0
#define LULL_RECLAIM_LOOK 1
#define LULL_RECLAIM_GIVE_BACK 2

/*
 * Goes through private anonymous memory once, chunk by chunk: finds its pages that are all zero and discards them, so that
 * they are zero, and the guest's again, when next touched.
 *
 * A page that was zero when it was looked at may be written before it is discarded. So for the moment of discarding its
 * writers are held: (1) the page is write-protected by userfaultfd, which also takes it from KVM; whoever writes it now waits,
 * a vCPU and a system call alike. (2) If somebody had it pinned for writing before, and so would not wait, it is left alone.
 * (3) It is read again: what was written before (1) shows here. (4) If it is still zero it is discarded. (5) The protection is
 * taken off, which wakes who waits: the write is done to the new page. No write falls between (3) and (4), thus none is lost.
 *
 * Who holds others must not be held up. From (1) to (5) the thread is in SCHED_OTHER if it was in SCHED_IDLE, and a part of a
 * step has one such moment, of LULL_HOLD_PAGES at the most. It is not begun once the thread has lost its processor in a step.
 */
struct lull_reclaim_task {
	struct lull_task task;
	const struct lull_region *regions;
	uint64_t region_count;
	/* Of userfaultfd(2), with the regions registered for write protection. */
	int32_t userfaults_fd;
	/* /proc/self/pagemap. */
	int32_t pagemap_fd;
	/* How many reads into this memory are under way that may have pinned pages; counted before the first is. */
	const uint32_t *reads;
	/* The chunk: a region, its first page in there, the next page in the chunk. */
	uint64_t region;
	uint64_t first;
	uint64_t next;
	uint64_t phase;
	/* A bit for each page of the chunk: the host has provided it, and for nobody else; it was all zero. */
	uint64_t own[LULL_CHUNK_PAGES / 64];
	uint64_t zero[LULL_CHUNK_PAGES / 64];

	/* Pages not provided, or shared with others, as a page that was read and never written is. */
	uint64_t absent_pages;
	uint64_t zero_pages;
	uint64_t returned_pages;
	/* Of zero_pages: few in a chunk that may be one huge page, which discarding them would split. */
	uint64_t kept_pages;
	/* Of zero_pages: written between the look and the hold. */
	uint64_t rewritten_pages;
	uint64_t holds;
	uint64_t longest_hold_nanos;
	/* Parts of steps that were put off for reads under way. */
	uint64_t put_off;
	/* Not 0: the errno of what cannot be done here at all; the task is over. */
	uint64_t error;
};

int32_t lull_reclaim_step(struct lull_task *task, uint64_t deadline_nanos);

#endif
