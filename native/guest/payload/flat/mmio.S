/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long mode: writes and reads memory that is none at 1 MiB, in every width and across a page, and shows what it read as
 * 64 bits at 1 MiB + 0x800.
 */
	.set	DEVICE, 0x100000
	.set	SHOW, 0x800

	.code64
	mov	$DEVICE, %rbx
	movb	$0x11, 0x0(%rbx)
	movw	$0x2222, 0x2(%rbx)
	movl	$0x44444444, 0x4(%rbx)
	mov	$0x8877665544332211, %rax
	mov	%rax, 0x8(%rbx)
	mov	%rax, 0xffe(%rbx)

	mov	$-1, %rax
	mov	0x10(%rbx), %al
	mov	%rax, SHOW(%rbx)
	mov	$-1, %rax
	mov	0x12(%rbx), %ax
	mov	%rax, SHOW(%rbx)
	mov	0x14(%rbx), %eax
	mov	%rax, SHOW(%rbx)
	mov	0x18(%rbx), %rax
	mov	%rax, SHOW(%rbx)
	mov	0xffe(%rbx), %rax
	mov	%rax, SHOW(%rbx)
	hlt
