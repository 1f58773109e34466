/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel that fills 256 KiB of its memory, from 32 MiB on, and halts for good: its processor may be had for anything. */
#define FILLED_GPA 0x2000000
#define FILLED_BYTES 0x40000

	.text
	.globl _start
_start:
	mov	$FILLED_GPA, %rdi
	mov	$(FILLED_BYTES / 8), %rcx
1:	mov	%rdi, (%rdi)
	add	$8, %rdi
	dec	%rcx
	jnz	1b
	cli
2:	hlt
	jmp	2b
	.section .note.GNU-stack, "", @progbits
