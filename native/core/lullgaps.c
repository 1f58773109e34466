/* SPDX-License-Identifier: Apache-2.0 */
#include "lullgaps.h"

/* Rests after which the old ones count half. */
#define MANY_GAPS 4096

void lull_learn_gaps(struct lull_idle_vcpu *vcpu, const uint64_t *histogram)
{
	uint64_t total = 0;

	for (int i = 0; i < LULL_IDLE_GAP_BUCKETS; i++) {
		vcpu->gaps[i] += histogram[i] - vcpu->seen[i];
		vcpu->seen[i] = histogram[i];
		total += vcpu->gaps[i];
	}
	if (total > MANY_GAPS)
		for (int i = 0; i < LULL_IDLE_GAP_BUCKETS; i++)
			vcpu->gaps[i] /= 2;
	vcpu->longer[LULL_IDLE_GAP_BUCKETS - 1] = 0;
	for (int i = LULL_IDLE_GAP_BUCKETS - 1; i > 0; i--)
		vcpu->longer[i - 1] = vcpu->longer[i] + vcpu->gaps[i];
}

uint64_t lull_gaps_of_at_least(const struct lull_idle_vcpu *vcpu, uint64_t nanos)
{
	int bucket = nanos == 0 ? 0 : 64 - __builtin_clzll(nanos);

	if (bucket >= LULL_IDLE_GAP_BUCKETS)
		return 0;
	uint64_t count = vcpu->longer[bucket] << 8;
	if (bucket == 0 || bucket == LULL_IDLE_GAP_BUCKETS - 1)
		return count + (vcpu->gaps[bucket] << 8);
	uint64_t low = 1ull << (bucket - 1);
	return count + vcpu->gaps[bucket] * (((2 * low - nanos) << 8) >> (bucket - 1));
}
