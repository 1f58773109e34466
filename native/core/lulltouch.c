/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lulltouch.h"

#include <errno.h>
#include <unistd.h>

#define PAGES_2M 512ull
#define PAGES_1G (512ull * 512)

static int read_value(const struct lull_touch_task *touch, uint64_t index, uint64_t *value)
{
	off_t offset = (off_t)(touch->values_offset + index * sizeof(*value));

	return pread(touch->stats_fd, value, sizeof(*value), offset) == (ssize_t)sizeof(*value) ? 0 : EIO;
}

/* How many pages are in KVM's tables: 0 or an errno. */
static int read_mapped(const struct lull_touch_task *touch, uint64_t *pages)
{
	uint64_t small, large, huge;

	if (read_value(touch, touch->pages_4k, &small) != 0 || read_value(touch, touch->pages_2m, &large) != 0 ||
	    read_value(touch, touch->pages_1g, &huge) != 0)
		return EIO;
	*pages = small + large * PAGES_2M + huge * PAGES_1G;
	return 0;
}

static int take_next(struct lull_touch_task *touch)
{
	const struct lull_piece *piece = &touch->pieces[touch->next];
	uint64_t before, after, touched;
	int error = read_mapped(touch, &before);

	if (error == 0)
		error = lull_write_protect(touch->userfaults_fd, piece->host, piece->pages, 0);
	if (error == 0)
		error = read_mapped(touch, &after);
	if (error != 0)
		return error;
	if (touch->counts) {
		/* What other vCPUs touch meanwhile, anywhere, makes it less, what else is unmapped more. */
		touched = before < after ? 0 : before - after < piece->pages ? before - after : piece->pages;
		touch->touched_pages += touched;
		touch->sum_of_squares += touched * touched;
		touch->looked_pages += piece->pages;
	}
	touch->task.units++;
	touch->task.bytes += piece->pages * LULL_PAGE_BYTES;
	touch->next++;
	return 0;
}

int32_t lull_touch_step(struct lull_task *task, uint64_t deadline_nanos)
{
	struct lull_touch_task *touch = (struct lull_touch_task *)task;
	uint64_t before = lull_now_nanos();

	while (touch->next < touch->piece_count && touch->error == 0) {
		touch->error = (uint64_t)take_next(touch);
		if (!lull_task_goes_on(task, &before, deadline_nanos))
			return LULL_STEP_MORE;
	}
	return LULL_STEP_DONE;
}
