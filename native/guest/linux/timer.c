// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for the counter: how long a sleep is to be by the counter's own
 * reverse factor, and a look at the counter after it. So none is early.
 *
 * Linux sets the timer that interrupts it (the local APIC's, in TSC-deadline
 * mode) by the frequency of the TSC that it found when it booted, and looks at
 * its clock whether the sleep is over. A sleep of t ns ends when the TSC has gone
 * on by t at that frequency and the clock by t as well. The first is so at the
 * counter's tick if t is the ticks that are left, at that frequency, whatever the
 * factors are now; the second if t is what is left of the counter, provided that
 * the clock goes by the counter, as kvm-clock and the clocksource of this module
 * do. So t is the lesser of both. With a clock that is slow against the TSC, as
 * after a change of factors, the timer comes early and Linux sets it again.
 *
 * If the factors change during a sleep it may be too long, by a part of its
 * length. So it is short, and the factors are looked at again.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/sched/signal.h>
#include <asm/tsc.h>

#include "lull_pv.h"

#define SLEEPS_PER_SECOND	10
#define MAX_SLEEP_NANOS		(NSEC_PER_SEC / SLEEPS_PER_SECOND)

/* `units` of a frequency in ns, rounded up; MAX_SLEEP_NANOS if they are more. */
static u64 nanos_of(u64 units, u64 hz)
{
	if (units >= div_u64(hz, SLEEPS_PER_SECOND))
		return MAX_SLEEP_NANOS;
	return mul_u64_u64_div_u64(units, NSEC_PER_SEC, hz) + 1;
}

/* How long to sleep, at first, until the counter is `value`; 0 if it is. */
static u64 nanos_until(u64 value, u64 *counter_now)
{
	struct lull_counter counter;
	u64 now = lull_counter_snapshot(lull_page, &counter);
	s64 left, ticks_left;

	*counter_now = lull_counter_at(&counter, now);
	left = value - *counter_now;
	if (left <= 0)
		return 0;
	ticks_left = lull_counter_ticks_at(&counter, value) - now;
	/* Rounded up, the tick is at least the next. */
	return min(nanos_of(ticks_left, (u64)tsc_khz * 1000),
		   nanos_of(left, counter.nominal_hz));
}

/*
 * Sleeps until the counter is `value`, and says what it is then; or to the next
 * signal, and then it is to be called again.
 */
int lull_wait(u64 value, u64 *woke)
{
	u64 nanos;

	while ((nanos = nanos_until(value, woke)) > 0) {
		ktime_t sleep = ns_to_ktime(nanos);

		set_current_state(TASK_INTERRUPTIBLE);
		schedule_hrtimeout(&sleep, HRTIMER_MODE_REL);
		if (signal_pending(current))
			return -ERESTARTSYS;
	}
	return 0;
}
