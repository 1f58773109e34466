// SPDX-License-Identifier: GPL-2.0
/* The counter as a clocksource, `lull`. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/clocksource.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/time64.h>

#include "lull_pv.h"

/*
 * Below all that the kernel has for a guest of Lull: kvm-clock is 400, or 299
 * where the TSC is called invariant, and the TSC 300. The vDSO reads no clock of
 * a module's, so with this one each clock_gettime() is a system call; and
 * kvm-clock goes by the same factors. Whoever wants it anyway writes its name to
 * current_clocksource, or gives a higher rating.
 */
static int rating = 290;
module_param(rating, int, 0444);
MODULE_PARM_DESC(rating, "of the clocksource, 1 to 499; above 400 it is used instead of kvm-clock (290)");

static u64 read_clocksource(struct clocksource *source)
{
	return lull_counter_read(lull_page);
}

static struct clocksource lull_clocksource = {
	.name = "lull",
	.read = read_clocksource,
	.mask = CLOCKSOURCE_MASK(64),
	.flags = CLOCK_SOURCE_IS_CONTINUOUS,
	.owner = THIS_MODULE,
};

int lull_clocksource_register(void)
{
	u64 hz = lull_page->nominal_hz;
	int error;

	if (rating < 1 || rating > 499) {
		pr_err("a clocksource's rating is 1 to 499, not %d\n", rating);
		return -EINVAL;
	}
	lull_clocksource.rating = rating;
	/* In kHz, what is lost of more than 4 GHz is a millionth at the most. */
	error = hz <= U32_MAX ?
		clocksource_register_hz(&lull_clocksource, hz) :
		clocksource_register_khz(&lull_clocksource, div_u64(hz, 1000));
	if (error)
		pr_err("cannot register the clocksource: error %d\n", error);
	return error;
}

/* One in use holds the module, so it is not in use. */
void lull_clocksource_unregister(void)
{
	clocksource_unregister(&lull_clocksource);
}
