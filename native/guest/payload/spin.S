/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel that leaves the guest as often as it can: writes to a port nobody answers, for ever. */
	.text
	.globl _start
_start:
1:	out	%al, $0x80
	jmp	1b
	.section .note.GNU-stack, "", @progbits
