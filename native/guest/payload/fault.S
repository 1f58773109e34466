/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel whose first exception cannot be delivered, nor the next: a triple fault. */
	.text
	.globl _start
_start:
	lidt	empty(%rip)
	ud2

	.balign 8
empty:	.word	0
	.quad	0
	.section .note.GNU-stack, "", @progbits
