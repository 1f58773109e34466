/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixed part of the check that Lull's Java numbers are the kernel headers' own.
 *
 * A test of kvm-bindings (dev.lull.abi.AbiTest) writes one C file: this header, an #include for each header its classes
 * name, and one assertion for each number they hold. Compiling it is the check; nothing is linked or run.
 */
#ifndef LULL_ABI_ASSERTIONS_H
#define LULL_ABI_ASSERTIONS_H

#define _GNU_SOURCE
#include <stddef.h>

/* where: the Java class and field, for the compiler's message */
#define LULL_CONSTANT(where, name, value) \
	_Static_assert((long long)(name) == (value), where " is " #value ", and in C it is another number")

#define LULL_SIZE(where, structure, bytes) \
	_Static_assert(sizeof(struct structure) == (bytes), \
		       where " is " #bytes ", and sizeof(struct " #structure ") is another number")

#define LULL_OFFSET(where, structure, member, bytes) \
	_Static_assert(offsetof(struct structure, member) == (bytes), \
		       where " is " #bytes ", and offsetof(struct " #structure ", " #member ") is another number")

#endif
