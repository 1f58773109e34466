/* SPDX-License-Identifier: Apache-2.0 */
/* Copying a guest's memory to a file while it runs: what was written since is copied again. */
#ifndef LULLCOPY_H
#define LULLCOPY_H

#include "lullidle.h"

/* Of a bitmap: bits of a word, each a page of 4096 bytes, and words that are taken from KVM's log at once. */
#define LULL_WORD_PAGES 64
#define LULL_RUN_WORDS 8

struct lull_copy_region {
	const uint8_t *host;
	uint64_t bytes;
	uint64_t file_offset;
	/* Pages to copy in this pass: all, or what KVM_GET_DIRTY_LOG gave; less those that were. */
	uint64_t *dirty;
	/* Pages that the monitor has written; bits are set at any time after the write, and taken here. */
	uint64_t *written;
	uint32_t slot;
	uint32_t reserved;
};

/*
 * Passes through what is to be copied. KVM notes a page anew from before it is read: what the guest writes while it is copied is
 * copied again in the next pass. The first pass is of all pages, to a file that reads as zeroes.
 */
struct lull_copy_task {
	struct lull_task task;
	int32_t vm_fd;
	int32_t file_fd;
	/* /proc/self/pagemap. */
	int32_t pagemap_fd;
	/* Not 0 while a thread is at it, and for good after lull_copy_claim. */
	uint32_t taken;
	/* Not 0: the dirty pages of the region are known. Of all regions before the first pass. */
	uint32_t logged;
	/* Not 0 in the first pass. */
	uint32_t first;
	const struct lull_copy_region *regions;
	uint64_t region_count;
	/* Where the pass is: the next word of a region's bitmap, and the first that is not prepared yet. */
	uint64_t region;
	uint64_t word;
	uint64_t prepared;
	/* Of the run of words last prepared: pages that the host has provided no memory for. */
	uint64_t absent[LULL_RUN_WORDS];
	/* What reading a region's log, and preparing a run of words, cost of late. */
	uint64_t log_nanos;
	uint64_t prepare_nanos;
	/* A negated errno: the file could not be written, or KVM failed. */
	int64_t failure;
};

/* LULL_STEP_DONE at the end of a pass, or after a failure; LULL_STEP_BLOCKED while another thread is at it. */
int32_t lull_copy_step(struct lull_task *task, uint64_t deadline_nanos);

/* The next step begins another pass, if this one is done. LULL_STEP_MORE, or LULL_STEP_BLOCKED as a step. */
int32_t lull_copy_next_pass(struct lull_copy_task *copy);

/* Once: waits until no step is under way; steps are BLOCKED from then on. Returns 0. */
int32_t lull_copy_claim(struct lull_copy_task *copy);

/* After lull_copy_claim, while nobody writes to the memory: copies all that is left. Returns 0 or a negated errno. */
int32_t lull_copy_finish(struct lull_copy_task *copy);

#endif
