/* SPDX-License-Identifier: Apache-2.0 */
/* How long a vCPU rests, as learned from KVM's histogram of its halts. */
#ifndef LULLGAPS_H
#define LULLGAPS_H

#include "lullidle.h"

/* Learns what came since the last call; histogram is halt_wait_hist. */
void lull_learn_gaps(struct lull_idle_vcpu *vcpu, const uint64_t *histogram);

/* How many of the rests were at least so long, in 256ths of a rest; within a bucket they are taken to be evenly spread. */
uint64_t lull_gaps_of_at_least(const struct lull_idle_vcpu *vcpu, uint64_t nanos);

#endif
