/* SPDX-License-Identifier: Apache-2.0 */
/* Work on guest memory that goes through it page by page. */
#ifndef LULLSCAN_H
#define LULLSCAN_H

#include "lullidle.h"

#define LULL_PAGE_BYTES 4096
#define LULL_CHUNK_PAGES 512

/* Pages that mincore(2) is asked for at once: in the kernel the worker may keep the processor from a guest until it has told all. */
#define LULL_PRESENT_PAGES 64

/*
 * Puts write protection of userfaultfd's on pages (mode UFFDIO_WRITEPROTECT_MODE_WP) or takes it from them (0); either takes them out
 * of KVM's tables. 0 or an errno.
 */
int lull_write_protect(int userfaults_fd, const uint8_t *page, uint64_t pages, uint64_t mode);

struct lull_region {
	const uint8_t *host;
	uint64_t bytes;
};

/* A set of fingerprints, open addressing; 0 is none. */
struct lull_fingerprints {
	uint64_t *slots;
	/* A power of two, at least twice the number of what is put in. */
	uint64_t capacity;
	uint64_t used;
};

/*
 * Finds pages that are all zero, equal to one of a set, or equal to another page. A page that the host has not provided is
 * left alone: reading it would have it provided. While the guest writes, what is found is a snapshot of each page at some time.
 */
struct lull_fingerprint_task {
	struct lull_task task;
	const struct lull_region *regions;
	uint64_t region_count;
	/* Not 0: pages that are not there are gone through as well, as of a file. */
	uint64_t whole;
	/* Where the next page is. */
	uint64_t region;
	uint64_t page;
	/* Whether the next page and those that follow it, up to the next multiple, are there. */
	uint8_t present[LULL_PRESENT_PAGES];
	struct lull_fingerprints own;
	/* Of a base image: the own ones of the task that went through it; capacity 0 for none. */
	struct lull_fingerprints base;
	uint64_t absent_pages;
	uint64_t zero_pages;
	uint64_t base_pages;
	uint64_t duplicate_pages;
};

/* Whether a page holds nothing but zeros. */
int lull_is_zero(const uint8_t *page);

int32_t lull_fingerprint_step(struct lull_task *task, uint64_t deadline_nanos);

#endif
