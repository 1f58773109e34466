/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lullcopy.h"
#include "lullscan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define RUN_PAGES (LULL_WORD_PAGES * LULL_RUN_WORDS)
#define TURN_NANOS 20000

/* Bits 63 and 62 of an entry of pagemap: in memory, or in swap. */
#define PAGE_EXISTS (3ull << 62)

static const uint8_t zero_page[LULL_PAGE_BYTES];

static void learn(uint64_t *cost, uint64_t nanos)
{
	*cost = nanos >= *cost ? nanos : *cost - (*cost - nanos) / 8;
}

static uint64_t pages_of(const struct lull_copy_region *region)
{
	return region->bytes / LULL_PAGE_BYTES;
}

static uint64_t words_of(const struct lull_copy_region *region)
{
	return (pages_of(region) + LULL_WORD_PAGES - 1) / LULL_WORD_PAGES;
}

static uint64_t run_end(const struct lull_copy_region *region, uint64_t first)
{
	uint64_t words = words_of(region);

	return words - first < LULL_RUN_WORDS ? words : first + LULL_RUN_WORDS;
}

static uint64_t run_pages(const struct lull_copy_region *region, uint64_t first)
{
	uint64_t left = pages_of(region) - first * LULL_WORD_PAGES;

	return left < RUN_PAGES ? left : RUN_PAGES;
}

static int read_log(const struct lull_copy_task *copy, const struct lull_copy_region *region)
{
	struct kvm_dirty_log log = {.slot = region->slot, .dirty_bitmap = region->dirty};

	return ioctl(copy->vm_fd, KVM_GET_DIRTY_LOG, &log) == 0 ? 0 : -errno;
}

/* Adds the pages that the monitor wrote to those of a run; whether there are any. */
static int take_written(const struct lull_copy_region *region, uint64_t first)
{
	uint64_t any = 0;

	for (uint64_t word = first; word < run_end(region, first); word++) {
		if (__atomic_load_n(&region->written[word], __ATOMIC_RELAXED) != 0)
			region->dirty[word] |= __atomic_exchange_n(&region->written[word], 0, __ATOMIC_ACQ_REL);
		any |= region->dirty[word];
	}
	return any != 0;
}

/* From now on KVM notes the next write to each of a run's pages. */
static int arm(const struct lull_copy_task *copy, const struct lull_copy_region *region, uint64_t first)
{
	struct kvm_clear_dirty_log log = {
		.slot = region->slot,
		.num_pages = (uint32_t)run_pages(region, first),
		.first_page = first * LULL_WORD_PAGES,
		.dirty_bitmap = region->dirty + first,
	};

	return ioctl(copy->vm_fd, KVM_CLEAR_DIRTY_LOG, &log) == 0 ? 0 : -errno;
}

/* Which of a run's pages the host has provided no memory for; mincore would not tell those from what was swapped out. */
static int find_absent(struct lull_copy_task *copy, const struct lull_copy_region *region, uint64_t first)
{
	uint64_t entries[RUN_PAGES], pages = run_pages(region, first);
	uint64_t page = (uintptr_t)region->host / LULL_PAGE_BYTES + first * LULL_WORD_PAGES;
	size_t bytes = pages * sizeof(entries[0]);
	ssize_t got = pread(copy->pagemap_fd, entries, bytes, (off_t)(page * sizeof(entries[0])));

	if (got != (ssize_t)bytes)
		return got < 0 ? -errno : -EIO;
	memset(copy->absent, 0, sizeof(copy->absent));
	for (uint64_t i = 0; i < pages; i++)
		if ((entries[i] & PAGE_EXISTS) == 0)
			copy->absent[i / LULL_WORD_PAGES] |= 1ull << i % LULL_WORD_PAGES;
	return 0;
}

/* Makes the next run of words ready to be copied. A page that comes to exist after this was written, and so noted, after it. */
static int prepare(struct lull_copy_task *copy, const struct lull_copy_region *region)
{
	uint64_t first = copy->word, end = run_end(region, first);
	int result;

	if (take_written(region, first)) {
		uint64_t before = lull_now_nanos();

		result = arm(copy, region, first);
		if (result == 0)
			result = find_absent(copy, region, first);
		if (result != 0)
			return result;
		if (copy->first)
			for (uint64_t word = first; word < end; word++)
				region->dirty[word] &= ~copy->absent[word - first];
		learn(&copy->prepare_nanos, lull_now_nanos() - before);
	}
	copy->prepared = end;
	return 0;
}

static int write_pages(int fd, const uint8_t *from, uint64_t bytes, uint64_t offset)
{
	while (bytes > 0) {
		ssize_t done = pwrite(fd, from, bytes, (off_t)offset);

		if (done == 0 || (done < 0 && errno != EINTR))
			return done == 0 ? -ENOSPC : -errno;
		if (done > 0) {
			from += done;
			offset += (uint64_t)done;
			bytes -= (uint64_t)done;
		}
	}
	return 0;
}

/* Of pages that were written and given back since the file has what they were. */
static int write_zeroes(int fd, uint64_t bytes, uint64_t offset)
{
	int result = 0;

	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes) == 0)
		return 0;
	for (uint64_t done = 0; done < bytes && result == 0; done += LULL_PAGE_BYTES)
		result = write_pages(fd, zero_page, LULL_PAGE_BYTES, offset + done);
	return result;
}

/* Copies the next page of a word that has any, or up to most neighbours of it. */
static int copy_pages(struct lull_copy_task *copy, const struct lull_copy_region *region, unsigned most)
{
	uint64_t *dirty = &region->dirty[copy->word];
	uint64_t absent = copy->absent[copy->word % LULL_RUN_WORDS];
	unsigned bit = (unsigned)__builtin_ctzll(*dirty), count = 1;
	int gone = (int)(absent >> bit & 1), result;

	while (count < most && bit + count < LULL_WORD_PAGES && *dirty >> (bit + count) & 1 &&
	       (int)(absent >> (bit + count) & 1) == gone)
		count++;
	uint64_t at = (copy->word * LULL_WORD_PAGES + bit) * LULL_PAGE_BYTES, bytes = (uint64_t)count * LULL_PAGE_BYTES;

	if (gone)
		result = write_zeroes(copy->file_fd, bytes, region->file_offset + at);
	else
		result = write_pages(copy->file_fd, region->host + at, bytes, region->file_offset + at);
	if (result != 0)
		return result;
	*dirty &= ~((count == LULL_WORD_PAGES ? ~0ull : (1ull << count) - 1) << bit);
	copy->task.units += count;
	copy->task.bytes += bytes;
	return 0;
}

/* The parts of a pass. */
enum part { READ_LOG, PREPARE, COPY, END };

static enum part next_part(struct lull_copy_task *copy)
{
	for (; copy->region < copy->region_count; copy->region++) {
		const struct lull_copy_region *region = &copy->regions[copy->region];

		if (!copy->logged)
			return READ_LOG;
		while (copy->word < copy->prepared && region->dirty[copy->word] == 0)
			copy->word++;
		if (copy->word < copy->prepared)
			return COPY;
		if (copy->word < words_of(region))
			return PREPARE;
		copy->word = copy->prepared = 0;
		copy->logged = copy->first;
	}
	return END;
}

static int do_part(struct lull_copy_task *copy, enum part part, unsigned most)
{
	const struct lull_copy_region *region = &copy->regions[copy->region];

	if (part == READ_LOG)
		return read_log(copy, region);
	return part == PREPARE ? prepare(copy, region) : copy_pages(copy, region, most);
}

/* Goes on with the pass: one part at least, and no other that would not end before the deadline. */
static int32_t go_on(struct lull_copy_task *copy, uint64_t deadline_nanos, unsigned most)
{
	uint64_t before = lull_now_nanos(), begin = before;
	enum part part;

	while (copy->failure == 0 && (part = next_part(copy)) != END) {
		uint64_t cost = part == READ_LOG ? copy->log_nanos : part == PREPARE ? copy->prepare_nanos : copy->task.unit_nanos;

		if (before != begin && before + cost > deadline_nanos)
			return LULL_STEP_MORE;
		copy->failure = do_part(copy, part, most);
		uint64_t now = lull_now_nanos();
		if (part == READ_LOG) {
			copy->logged = 1;
			learn(&copy->log_nanos, now - before);
		} else if (part == COPY) {
			lull_task_learn(&copy->task, now - before);
		}
		before = now;
	}
	return LULL_STEP_DONE;
}

static int try_take(struct lull_copy_task *copy)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(&copy->taken, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

int32_t lull_copy_step(struct lull_task *task, uint64_t deadline_nanos)
{
	struct lull_copy_task *copy = (struct lull_copy_task *)task;

	if (!try_take(copy))
		return LULL_STEP_BLOCKED;
	int32_t outcome = go_on(copy, deadline_nanos, 1);
	__atomic_store_n(&copy->taken, 0, __ATOMIC_RELEASE);
	return outcome;
}

static void next_pass(struct lull_copy_task *copy)
{
	copy->first = copy->logged = 0;
	copy->region = copy->word = copy->prepared = 0;
}

int32_t lull_copy_next_pass(struct lull_copy_task *copy)
{
	if (!try_take(copy))
		return LULL_STEP_BLOCKED;
	if (next_part(copy) == END)
		next_pass(copy);
	__atomic_store_n(&copy->taken, 0, __ATOMIC_RELEASE);
	return LULL_STEP_MORE;
}

int32_t lull_copy_claim(struct lull_copy_task *copy)
{
	const struct timespec turn = {.tv_nsec = TURN_NANOS};

	while (!try_take(copy))
		nanosleep(&turn, NULL);
	return 0;
}

int32_t lull_copy_finish(struct lull_copy_task *copy)
{
	go_on(copy, UINT64_MAX, LULL_WORD_PAGES);
	if (copy->failure == 0) {
		next_pass(copy);
		go_on(copy, UINT64_MAX, LULL_WORD_PAGES);
	}
	return (int32_t)copy->failure;
}
