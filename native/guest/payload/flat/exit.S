/* SPDX-License-Identifier: Apache-2.0 */
/* Real mode: exits without end, the cheapest way there is. */
	.code16
again:
	out	%al, $0x10
	jmp	again
