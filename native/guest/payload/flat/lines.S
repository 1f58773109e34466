/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real mode, with KVM's interrupt chips: takes level-triggered interrupts of PIC input 5 (vector 0x25, said at port 0x40) and
 * messages (vector 0x51, said at port 0x41). Writes port 0x10 each time round, between two moments with interrupts allowed.
 */
	.set	PIC, 0x20
	.set	PIC_TRIGGER, 0x4d0
	.set	APIC_BASE, 0x1b
	.set	X2APIC_EOI, 0x80b
	.set	X2APIC_SPURIOUS, 0x80f

	.code16
	movw	$level, 0x25 * 4
	movw	$0, 0x25 * 4 + 2
	movw	$message, 0x51 * 4
	movw	$0, 0x51 * 4 + 2
	mov	$0x0ff0, %sp
	cli

	mov	$0x11, %al
	out	%al, $PIC
	mov	$0x20, %al
	out	%al, $PIC + 1
	mov	$0x04, %al
	out	%al, $PIC + 1
	mov	$0x01, %al
	out	%al, $PIC + 1
	mov	$0xdf, %al
	out	%al, $PIC + 1
	mov	$PIC_TRIGGER, %dx
	mov	$0x20, %al
	out	%al, %dx

	mov	$APIC_BASE, %ecx
	rdmsr
	or	$0xc00, %eax
	wrmsr
	mov	$X2APIC_SPURIOUS, %ecx
	mov	$0x1ff, %eax
	xor	%edx, %edx
	wrmsr

again:
	sti
	nop
	nop
	cli
	out	%al, $0x10
	jmp	again

level:
	push	%ax
	out	%al, $0x40
	mov	$0x20, %al
	out	%al, $PIC
	pop	%ax
	iret

message:
	push	%eax
	push	%ecx
	push	%edx
	out	%al, $0x41
	mov	$X2APIC_EOI, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	pop	%edx
	pop	%ecx
	pop	%eax
	iret
