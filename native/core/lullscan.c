/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lullscan.h"

#include <errno.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define WORDS (LULL_PAGE_BYTES / 8)
#define LANES 4

/* Odd, with bits spread evenly: 2^64 divided by the golden ratio, the square root of 3 and that of 5. */
#define MULTIPLIER 0x9e3779b97f4a7c15ull
static const uint64_t seeds[LANES] = {0x9e3779b97f4a7c15ull, 0x93cd3a2c8198e801ull, 0x727c9716ffb76401ull, 1};

static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 32) * MULTIPLIER;
	return value ^ value >> 29;
}

/* Never 0. Equal pages have equal ones, others have so once in 2^64. */
static uint64_t fingerprint_of(const void *page)
{
	uint64_t lanes[LANES], words[LANES];

	memcpy(lanes, seeds, sizeof(lanes));
	for (size_t i = 0; i < WORDS; i += LANES) {
		memcpy(words, (const uint8_t *)page + i * 8, sizeof(words));
		for (int lane = 0; lane < LANES; lane++) {
			lanes[lane] = (lanes[lane] ^ words[lane]) * MULTIPLIER;
			lanes[lane] ^= lanes[lane] >> 31;
		}
	}
	uint64_t all = mix(lanes[0]);
	for (int lane = 1; lane < LANES; lane++)
		all = mix(all + lanes[lane] * 2 * (uint64_t)lane + 1);
	return all == 0 ? 1 : all;
}

/* Puts a fingerprint into a set; whether it was there. */
static int put(struct lull_fingerprints *set, uint64_t fingerprint)
{
	uint64_t mask = set->capacity - 1;

	for (uint64_t i = fingerprint & mask;; i = (i + 1) & mask) {
		if (set->slots[i] == fingerprint)
			return 1;
		if (set->slots[i] == 0) {
			set->slots[i] = fingerprint;
			set->used++;
			return 0;
		}
	}
}

static int holds(const struct lull_fingerprints *set, uint64_t fingerprint)
{
	uint64_t mask = set->capacity - 1;

	if (set->capacity == 0)
		return 0;
	for (uint64_t i = fingerprint & mask; set->slots[i] != 0; i = (i + 1) & mask)
		if (set->slots[i] == fingerprint)
			return 1;
	return 0;
}

int lull_is_zero(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, LULL_PAGE_BYTES - 1) == 0;
}

int lull_write_protect(int userfaults_fd, const uint8_t *page, uint64_t pages, uint64_t mode)
{
	struct uffdio_writeprotect range = {
		.range = {.start = (uintptr_t)page, .len = pages * LULL_PAGE_BYTES},
		.mode = mode,
	};

	while (ioctl(userfaults_fd, UFFDIO_WRITEPROTECT, &range) != 0)
		if (errno != EAGAIN && errno != EINTR)
			return errno;
	return 0;
}

static void take_page(struct lull_fingerprint_task *scan, const uint8_t *page)
{
	uint64_t fingerprint;

	if (lull_is_zero(page)) {
		scan->zero_pages++;
		return;
	}
	fingerprint = fingerprint_of(page);
	if (holds(&scan->base, fingerprint))
		scan->base_pages++;
	else if (put(&scan->own, fingerprint))
		scan->duplicate_pages++;
}

static void next_page(struct lull_fingerprint_task *scan)
{
	const struct lull_region *region = &scan->regions[scan->region];
	const uint8_t *page = region->host + scan->page * LULL_PAGE_BYTES;
	uint64_t pages = region->bytes / LULL_PAGE_BYTES, index = scan->page % LULL_PRESENT_PAGES;

	if (index == 0 && !scan->whole) {
		uint64_t left = pages - scan->page, asked = left < LULL_PRESENT_PAGES ? left : LULL_PRESENT_PAGES;

		if (mincore((void *)page, asked * LULL_PAGE_BYTES, scan->present) != 0)
			memset(scan->present, 0, sizeof(scan->present));
	}
	if (scan->whole || scan->present[index] & 1) {
		take_page(scan, page);
		scan->task.bytes += LULL_PAGE_BYTES;
	} else {
		scan->absent_pages++;
	}
	scan->task.units++;
	if (++scan->page == pages) {
		scan->page = 0;
		scan->region++;
	}
}

int32_t lull_fingerprint_step(struct lull_task *task, uint64_t deadline_nanos)
{
	struct lull_fingerprint_task *scan = (struct lull_fingerprint_task *)task;
	uint64_t before = lull_now_nanos();

	while (scan->region < scan->region_count) {
		next_page(scan);
		if (!lull_task_goes_on(task, &before, deadline_nanos))
			return LULL_STEP_MORE;
	}
	return LULL_STEP_DONE;
}
