/* SPDX-License-Identifier: Apache-2.0 */
/* Real mode: string output in every width to ports 0x30-0x32; string input of six bytes from 0x38, shown at 0x39. */
	.code16
	cld
	mov	$bytes, %si
	mov	$5, %cx
	mov	$0x30, %dx
	rep outsb
	mov	$words, %si
	mov	$3, %cx
	mov	$0x31, %dx
	rep outsw
	mov	$longs, %si
	mov	$2, %cx
	mov	$0x32, %dx
	rep outsl

	mov	$buffer, %di
	mov	$6, %cx
	mov	$0x38, %dx
	rep insb
	mov	$buffer, %si
	mov	$6, %cx
	mov	$0x39, %dx
	rep outsb
	hlt

bytes:	.ascii	"bytes"
words:	.word	0x1122, 0x3344, 0x5566
longs:	.long	0x778899aa, 0xbbccddee
buffer:	.skip	6
