/* SPDX-License-Identifier: Apache-2.0 */
#include <jni.h>

#include "lullcore.h"

JNIEXPORT jlong JNICALL Java_dev_lull_kvm_JniVcpuEntry_run(JNIEnv *env, jclass type, jint vcpu_fd, jlong run,
							   jlong request)
{
	(void)env;
	(void)type;
	return lull_vcpu_run(vcpu_fd, (struct kvm_run *)(intptr_t)run, (const uint32_t *)(intptr_t)request);
}
