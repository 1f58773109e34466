/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the calling thread has had its processor all the time: for the price of reading a word.
 *
 * A thread has a word that names its restartable sequence (rseq(2)). Linux clears it when it gives the thread the processor again
 * and the thread is not in the sequence; here it names one that is never executed.
 */
#ifndef LULLSTAY_H
#define LULLSTAY_H

enum lull_stay {
	/* Nobody else has had the processor since. */
	LULL_STAYED,
	/* Somebody may have had it. */
	LULL_LEFT,
	/* Linux or the C library does not tell. */
	LULL_STAY_UNKNOWN,
};

/* From now on. */
void lull_stay_begin(void);

/* Whether it has had its processor all the time since lull_stay_begin, which was called before. */
enum lull_stay lull_stay(void);

/* Nobody asks any more; before the thread does anything else with its sequences. */
void lull_stay_end(void);

#endif
