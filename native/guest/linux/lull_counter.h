/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * Lull's counter: the page that holds it, how to read it, and the device by
 * which a guest's programs get it, /dev/lull_counter.
 *
 * The counter has one frequency for as long as the machine lives. The page says
 * how it is made of the host's counter, the TSC, at the time, and Lull writes
 * it anew when the host's frequency is another. A program maps the page and
 * reads the counter without a system call:
 *
 *	int fd = open("/dev/lull_counter", O_RDONLY);
 *	const struct lull_counter_page *page =
 *		mmap(NULL, LULL_COUNTER_PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
 *	__u64 now = lull_counter_read(page);
 *
 * read(2) gives the same number in 8 bytes. Differences of counters are modulo
 * 2^64, as are those of ticks.
 *
 * dev.lull.paravirt.clock.CounterPage and VirtualCounter have the reasons: why
 * no reader sees the counter go back, and the bounds of the errors.
 */
#ifndef LULL_COUNTER_H
#define LULL_COUNTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define LULL_COUNTER_PAGE_BYTES	4096
#define LULL_COUNTER_MAGIC	0x544e434c	/* "LCNT" */
#define LULL_COUNTER_VERSION	1
#define LULL_COUNTER_MIN_SHIFT	31
#define LULL_COUNTER_MAX_SHIFT	94
#define LULL_COUNTER_SHIFT_SUM	124
#define LULL_COUNTER_MIN_HZ	1000ull
#define LULL_COUNTER_MAX_HZ	1000000000000ull

/*
 * Waits until the counter is what is given, or more, and gives what it is then.
 * A counter that is less than 2^63 behind has been reached.
 */
#define LULL_COUNTER_WAIT		_IOWR('L', 0x60, __u64)

/*
 * What a program's RDTSC is to give if it has been trapped: the counter, or the
 * TSC as it is, for code that scales it itself. Both are counted as a trap.
 */
#define LULL_COUNTER_TRAP_COUNTER	_IOR('L', 0x61, __u64)
#define LULL_COUNTER_TRAP_TICKS		_IOR('L', 0x62, __u64)

/* What is in the page, at its beginning. */
struct lull_counter_page {
	__u32 magic;
	__u32 version;
	__u32 sequence;		/* odd while the rest is written */
	__u32 shift;		/* of the forward factor */
	__u64 host_base;
	__u64 guest_base;	/* the counter at the tick host_base */
	__u64 forward;		/* counter per tick, times 2^shift */
	__u64 reverse;		/* ticks per counter, times 2^(124 - shift) */
	__u64 nominal_hz;
	__u64 reserved;
};

/* The counter as the page had it at one time. */
struct lull_counter {
	__u64 host_base;
	__u64 guest_base;
	__u64 forward;
	__u64 reverse;
	__u64 nominal_hz;
	__u32 shift;
};

__extension__ typedef __int128 lull_counter_wide;
__extension__ typedef unsigned __int128 lull_counter_unsigned_wide;

#define LULL_COUNTER_BARRIER()	__asm__ __volatile__("" : : : "memory")

/*
 * The host's ticks now, read after all loads that come before, and before all
 * that come after: the protocol of the page needs both.
 */
static inline __u64 lull_counter_ticks(void)
{
	__u32 low, high;

	__asm__ __volatile__("lfence\n\trdtsc\n\tlfence"
			     : "=a" (low), "=d" (high) : : "memory");
	return (__u64)high << 32 | low;
}

/* An even sequence. x86 keeps the order of loads, the compiler is told to. */
static inline __u32 lull_counter_begin(const struct lull_counter_page *page)
{
	__u32 sequence;

	while ((sequence = *(const volatile __u32 *)&page->sequence) & 1)
		__asm__ __volatile__("pause" : : : "memory");
	LULL_COUNTER_BARRIER();
	return sequence;
}

static inline int lull_counter_changed(const struct lull_counter_page *page,
				       __u32 sequence)
{
	LULL_COUNTER_BARRIER();
	return *(const volatile __u32 *)&page->sequence != sequence;
}

/* What is in the page, and the tick at which it was so. */
static inline __u64 lull_counter_snapshot(const struct lull_counter_page *page,
					  struct lull_counter *counter)
{
	__u32 sequence;
	__u64 ticks;

	do {
		sequence = lull_counter_begin(page);
		ticks = lull_counter_ticks();
		counter->host_base = page->host_base;
		counter->guest_base = page->guest_base;
		counter->forward = page->forward;
		counter->reverse = page->reverse;
		counter->nominal_hz = page->nominal_hz;
		counter->shift = page->shift;
	} while (lull_counter_changed(page, sequence));
	return ticks;
}

/* The counter at a tick, rounded down. */
static inline __u64 lull_counter_at(const struct lull_counter *counter,
				    __u64 ticks)
{
	__s64 delta = (__s64)(ticks - counter->host_base);

	return counter->guest_base +
	       (__u64)((lull_counter_wide)delta * (__s64)counter->forward >>
		       counter->shift);
}

/*
 * The tick at which the counter is to be `value`, rounded up: never before it
 * is there, and a tick after it at most. Where that is more than 2^63 ticks off
 * the base, the farthest tick on that side.
 */
static inline __u64 lull_counter_ticks_at(const struct lull_counter *counter,
					  __u64 value)
{
	const __s64 most = 0x7fffffffffffffffll;
	__s64 delta = (__s64)(value - counter->guest_base);
	/* Before the base a factor that is not too large is what is needed. */
	__s64 factor = (__s64)counter->reverse + (delta >> 63);
	lull_counter_wide below = ((lull_counter_wide)delta * factor - 1) >>
				  (LULL_COUNTER_SHIFT_SUM - counter->shift);
	__s64 ticks;

	if (below >= most)
		ticks = most;
	else if (below < -most - 1)
		ticks = -most - 1;
	else
		ticks = (__s64)below + 1;
	return counter->host_base + (__u64)ticks;
}

/* The counter now. */
static inline __u64 lull_counter_read(const struct lull_counter_page *page)
{
	struct lull_counter counter;
	__u64 ticks = lull_counter_snapshot(page, &counter);

	return lull_counter_at(&counter, ticks);
}

/* Whether it is a counter's page, of this layout. */
static inline int lull_counter_is_page(const struct lull_counter_page *page)
{
	return page->magic == LULL_COUNTER_MAGIC &&
	       page->version == LULL_COUNTER_VERSION;
}

/*
 * Whether these can be factors: the forward one has its bit 62 set and none
 * above, and the reverse one is 2^124 by it, rounded up.
 */
static inline int lull_counter_is_sane(const struct lull_counter *counter)
{
	const lull_counter_unsigned_wide one =
		(lull_counter_unsigned_wide)1 << LULL_COUNTER_SHIFT_SUM;
	lull_counter_unsigned_wide product =
		(lull_counter_unsigned_wide)counter->reverse * counter->forward;

	return counter->shift >= LULL_COUNTER_MIN_SHIFT &&
	       counter->shift <= LULL_COUNTER_MAX_SHIFT &&
	       counter->forward >> 62 == 1 && product >= one &&
	       product - one < counter->forward &&
	       counter->nominal_hz >= LULL_COUNTER_MIN_HZ &&
	       counter->nominal_hz <= LULL_COUNTER_MAX_HZ;
}

#endif
