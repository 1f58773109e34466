/* SPDX-License-Identifier: Apache-2.0 */
/* Real mode: stays in the guest; only a kick gets it out. */
	.code16
again:
	jmp	again
