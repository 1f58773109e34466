/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liblullcore: the part of a vCPU's life that needs no device, in C.
 *
 * The same function is reached from Java by FFM (this header) and by JNI (lullcore_jni.c).
 */
#ifndef LULLCORE_H
#define LULLCORE_H

#include <linux/kvm.h>
#include <stdint.h>

/*
 * How lull_vcpu_run tells of a single access to a port, by far the most frequent exit, whole in what it returns:
 *
 *   bits 0-7    LULL_EXIT_PORT_READ or LULL_EXIT_PORT_WRITE, which no KVM_EXIT_* is
 *   bits 8-15   bytes: 1, 2 or 4
 *   bits 16-31  the port
 *   bits 32-63  what the guest writes, zero-extended; 0 if it reads, and the answer goes to LULL_EXIT_DATA_OFFSET in
 *               struct kvm_run
 *
 * A write of a large value is a negative number. It is no errno all the same: of a negated one bit 15 is set.
 */
#define LULL_EXIT_PORT_READ 0x80
#define LULL_EXIT_PORT_WRITE 0x81
#define LULL_EXIT_BYTES_SHIFT 8
#define LULL_EXIT_PORT_SHIFT 16
#define LULL_EXIT_VALUE_SHIFT 32

/* A port access is what equals one of the two under this mask. */
#define LULL_EXIT_PORT_MASK 0x80ff

/* The page in which KVM passes what is read and written. */
#define LULL_EXIT_DATA_OFFSET (KVM_PIO_PAGE_OFFSET * 4096)

/*
 * Runs the guest on an open vCPU until it needs its monitor. run is mapped in the size KVM_GET_VCPU_MMAP_SIZE gives.
 *
 * Returns a single port access, as above; KVM_EXIT_* otherwise; -EINTR if *request is not 0 (the caller clears it, and
 * then looks what was asked of it); any other negated errno if KVM_RUN failed. A signal without a request goes back into
 * the guest.
 *
 * A kick is: *request = 1, then run->immediate_exit = 1, then the signal, in this order by any other thread. It is
 * never lost: immediate_exit is cleared before *request is read, so a kicker whose request was not seen has yet to set
 * immediate_exit, and the next entry returns at once.
 */
int64_t lull_vcpu_run(int vcpu_fd, struct kvm_run *run, const uint32_t *request);

/* The processor's time stamp counter, read after all loads that come before and before all that come after. */
uint64_t lull_ticks(void);

/*
 * A reading of that counter, sample[0], and one of CLOCK_MONOTONIC_RAW in nanoseconds, sample[1], of the same moment: the
 * closest of many. Returns the ticks between which the clock was read; the counter's reading is in their middle.
 */
uint64_t lull_sample_clock(uint64_t *sample);

/* Makes signal number do nothing but end a blocking call with EINTR. Returns 0 or a negated errno. */
int lull_install_kick_handler(int number);

#endif
