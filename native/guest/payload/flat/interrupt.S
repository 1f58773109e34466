/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real mode: takes interrupt 0x21, whose handler writes 0x21 to port 0x40: first where it waits for it with interrupts
 * allowed after port 0x10 was written, then out of each HLT.
 */
	.code16
	movw	$handler, 0x21 * 4
	movw	$0, 0x21 * 4 + 2
	mov	$0x0ff0, %sp

	cli
	out	%al, $0x10
	sti
wait:	cmpb	$0, taken
	je	wait
	cli
	out	%al, $0x11

again:
	sti
	hlt
	out	%al, $0x12
	jmp	again

handler:
	push	%ax
	mov	$0x21, %al
	out	%al, $0x40
	movb	$1, taken
	pop	%ax
	iret

taken:	.byte	0
