/* SPDX-License-Identifier: Apache-2.0 */
/* Real mode: writes and reads ports in every width and both encodings, and shows what it read as 32 bits at port 0x80. */
	.code16
	mov	$0x5a, %al
	out	%al, $0x10
	mov	$0x1234, %ax
	out	%ax, $0x11
	mov	$0x89abcdef, %eax
	out	%eax, $0x12
	mov	$0xffffffff, %eax
	out	%eax, $0x13

	mov	$0xfffe, %dx
	mov	$0xa5, %al
	out	%al, %dx
	mov	$0x4321, %ax
	out	%ax, %dx
	mov	$0xfedcba98, %eax
	out	%eax, %dx

	mov	$0xffffffff, %eax
	in	$0x20, %al
	out	%eax, $0x80
	mov	$0xffffffff, %eax
	in	$0x21, %ax
	out	%eax, $0x80
	in	$0x22, %eax
	out	%eax, $0x80

	mov	$0xfffe, %dx
	mov	$0xffffffff, %eax
	in	%dx, %al
	out	%eax, $0x80
	mov	$0xffffffff, %eax
	in	%dx, %ax
	out	%eax, $0x80
	in	%dx, %eax
	out	%eax, $0x80
	hlt
