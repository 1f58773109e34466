/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest kernel: entered by Linux's 64-bit boot protocol, it greets on COM1, signals the boot timer and powers off.
 * It runs on any kind of KVM, so it serves to train the JVM's start and to test what surrounds a guest.
 */
#define COM1 0x3f8
#define BOOT_TIMER 0x3f0
#define BOOT_TIMER_SIGNAL 123
#define SLEEP_CONTROL 0x604
#define SLEEP_S5 (5 << 2 | 1 << 5)

	.text
	.globl _start
_start:
	lea	greeting(%rip), %rsi
	mov	$COM1, %dx
1:	lodsb
	test	%al, %al
	jz	2f
	out	%al, %dx
	jmp	1b
2:	mov	$BOOT_TIMER, %dx
	mov	$BOOT_TIMER_SIGNAL, %al
	out	%al, %dx
	mov	$SLEEP_CONTROL, %dx
	mov	$SLEEP_S5, %al
	out	%al, %dx
3:	hlt
	jmp	3b

greeting:
	.asciz	"lull-payload: running\n"
	.section .note.GNU-stack, "", @progbits
