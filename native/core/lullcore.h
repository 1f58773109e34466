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
 * Runs the guest on an open vCPU until it needs its monitor.
 *
 * Returns KVM_EXIT_*; -EINTR if *request is not 0 (the caller clears it, and then looks what was asked of it);
 * any other negated errno if KVM_RUN failed. A signal without a request goes back into the guest.
 *
 * A kick is: *request = 1, then run->immediate_exit = 1, then the signal, in this order by any other thread. It is
 * never lost: immediate_exit is cleared before *request is read, so a kicker whose request was not seen has yet to set
 * immediate_exit, and the next entry returns at once.
 */
int lull_vcpu_run(int vcpu_fd, struct kvm_run *run, const uint32_t *request);

/* Makes signal number do nothing but end a blocking call with EINTR. Returns 0 or a negated errno. */
int lull_install_kick_handler(int number);

#endif
