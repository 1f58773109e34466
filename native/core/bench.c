/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liblullbench: what perf's measurements compare Java with. The loops that serve as the yardstick are plain C, entered from
 * Java once a batch; with a count of 1 they are one call by JNI.
 */
#include <errno.h>
#include <jni.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

static int64_t now_nanos(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* What the guest wrote; volatile, so that the compiler cannot leave out reading it. */
static volatile uint32_t written;

/* Answers a port access of the guest; returns 0 or a negated errno. */
static int handle(struct kvm_run *run)
{
	const uint8_t *data = (const uint8_t *)run + run->io.data_offset;

	if (run->exit_reason != KVM_EXIT_IO || run->io.direction != KVM_EXIT_IO_OUT || run->io.port != 0x10)
		return -EINVAL;
	switch (run->io.size) {
	case 1:
		written = *data;
		return 0;
	case 2:
		written = *(const uint16_t *)data;
		return 0;
	default:
		written = *(const uint32_t *)data;
		return 0;
	}
}

static int time_exits(int vcpu_fd, struct kvm_run *run, int64_t *interval_nanos, jsize count)
{
	int64_t before = now_nanos();

	for (jsize i = 0; i < count; i++) {
		int64_t now;
		int error;

		while (ioctl(vcpu_fd, KVM_RUN, 0) != 0)
			if (errno != EINTR)
				return -errno;
		error = handle(run);
		if (error)
			return error;
		now = now_nanos();
		interval_nanos[i] = now - before;
		before = now;
	}
	return 0;
}

/* Fills intervalNanos with the time of one exit each; returns 0 or a negated errno. */
JNIEXPORT jint JNICALL Java_dev_lull_perf_bench_CLoops_exits(JNIEnv *env, jclass type, jint vcpu_fd, jint run_bytes,
							     jlongArray interval_nanos)
{
	jsize count = (*env)->GetArrayLength(env, interval_nanos);
	int64_t *intervals = malloc(sizeof(*intervals) * (size_t)count);
	struct kvm_run *run = mmap(0, (size_t)run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu_fd, 0);
	int error = -ENOMEM;

	(void)type;
	if (intervals && run != MAP_FAILED)
		error = time_exits(vcpu_fd, run, intervals, count);
	if (!error)
		(*env)->SetLongArrayRegion(env, interval_nanos, 0, count, (const jlong *)intervals);
	if (run != MAP_FAILED)
		munmap(run, (size_t)run_bytes);
	free(intervals);
	return error;
}

/* Makes the same ioctl count times; returns the last result. */
JNIEXPORT jint JNICALL Java_dev_lull_perf_bench_CLoops_ioctls(JNIEnv *env, jclass type, jint fd, jlong request,
							      jlong argument, jint count)
{
	int result = 0;

	(void)env;
	(void)type;
	for (jint i = 0; i < count; i++)
		result = ioctl(fd, (unsigned long)request, argument);
	return result;
}
