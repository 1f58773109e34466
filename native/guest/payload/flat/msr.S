/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long mode: writes 0x1122334455667788 to the model-specific register 0x12. Then shows at 1 MiB, each as two halves, what it
 * reads of that register, of 0x11, and of the time stamp counter.
 */
	.set	DEVICE, 0x100000
	.set	SYSTEM_TIME, 0x12
	.set	WALL_CLOCK, 0x11

	.code64
	mov	$DEVICE, %rbx
	mov	$SYSTEM_TIME, %ecx
	mov	$0x55667788, %eax
	mov	$0x11223344, %edx
	wrmsr
	rdmsr
	mov	%eax, 0x0(%rbx)
	mov	%edx, 0x4(%rbx)
	mov	$WALL_CLOCK, %ecx
	rdmsr
	mov	%eax, 0x8(%rbx)
	mov	%edx, 0xc(%rbx)
	rdtsc
	mov	%eax, 0x10(%rbx)
	mov	%edx, 0x14(%rbx)
	hlt
