/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a guest's memory its vCPUs touch, from a sample of it. */
#ifndef LULLTOUCH_H
#define LULLTOUCH_H

#include "lullscan.h"

/* A piece of guest memory: at most LULL_CHUNK_PAGES. */
struct lull_piece {
	const uint8_t *host;
	uint64_t pages;
};

/*
 * Takes pieces of memory from KVM's tables, one after another; what is touched comes back by a fault that the guest does not
 * notice. KVM counts the pages in its tables, so by how many that count falls when a piece is taken is how many pages of it
 * were touched since it was taken last. A huge page counts as all of its pages.
 *
 * What takes a piece is the end of a write protection that never began: nobody is held up by it, and nothing else changes.
 */
struct lull_touch_task {
	struct lull_task task;
	const struct lull_piece *pieces;
	uint64_t piece_count;
	/* Of userfaultfd(2), with the memory registered for write protection. */
	int32_t userfaults_fd;
	/* KVM_GET_STATS_FD of the machine, where its values begin in that file, and which of them count pages by their size. */
	int32_t stats_fd;
	uint64_t values_offset;
	uint64_t pages_4k;
	uint64_t pages_2m;
	uint64_t pages_1g;
	/* The next piece. */
	uint64_t next;
	/* Not 0: what falls is counted. */
	uint64_t counts;
	uint64_t looked_pages;
	uint64_t touched_pages;
	/* Of each piece's touched pages. */
	uint64_t sum_of_squares;
	/* Not 0: the errno of what cannot be done here at all; the task is over. */
	uint64_t error;
};

int32_t lull_touch_step(struct lull_task *task, uint64_t deadline_nanos);

#endif
