// SPDX-License-Identifier: GPL-2.0
/*
 * Paravirtualization for guests of Lull: finds the page of the counter that
 * Lull makes of the host's, and hands it to the parts that use it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "lull_pv.h"

#define FIRST_BASE	0x40000000
#define LAST_BASE	0x4000ff00
#define BASE_STEP	0x100
#define SIGNATURE	"LullLullLull"
#define COUNTER_LEAF	1
#define HAS_COUNTER	BIT(0)

const struct lull_counter_page *lull_page;
phys_addr_t lull_page_address;

static void *mapping;

/*
 * Lull's first leaf, or 0. KVM's leaves are the first of the range, Lull's
 * behind them. The kernel's own function for this has one name up to Linux 6.15
 * and another since.
 */
static u32 __init find_leaves(u32 *last)
{
	u32 base, signature[3];

	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return 0;
	for (base = FIRST_BASE; base <= LAST_BASE; base += BASE_STEP) {
		cpuid(base, last, &signature[0], &signature[1], &signature[2]);
		if (memcmp(signature, SIGNATURE, sizeof(signature)) == 0)
			return base;
	}
	return 0;
}

static int __init find_page(phys_addr_t *address)
{
	u32 last, features, low, high, reserved;
	u32 base = find_leaves(&last);

	if (base == 0 || last < base + COUNTER_LEAF) {
		pr_err("Lull offers no counter here; start the guest by lull run --counter scaled\n");
		return -ENODEV;
	}
	cpuid(base + COUNTER_LEAF, &features, &low, &high, &reserved);
	if (!(features & HAS_COUNTER)) {
		pr_err("Lull offers no counter here; start the guest by lull run --counter scaled\n");
		return -ENODEV;
	}
	*address = (u64)high << 32 | low;
	if (*address == 0 || !PAGE_ALIGNED(*address) ||
	    *address >> boot_cpu_data.x86_phys_bits) {
		pr_err("the counter's page cannot be at 0x%llx\n",
		       (unsigned long long)*address);
		return -EINVAL;
	}
	return 0;
}

static int __init check_page(void)
{
	struct lull_counter counter;

	if (!lull_counter_is_page(lull_page)) {
		pr_err("no counter's page of version %u at 0x%llx: it begins with 0x%08x and 0x%08x\n",
		       LULL_COUNTER_VERSION,
		       (unsigned long long)lull_page_address, lull_page->magic,
		       lull_page->version);
		return -EINVAL;
	}
	lull_counter_snapshot(lull_page, &counter);
	if (!lull_counter_is_sane(&counter)) {
		pr_err("the counter's page has impossible factors: 0x%llx and 0x%llx, shift %u, of %llu Hz\n",
		       counter.forward, counter.reverse, counter.shift,
		       counter.nominal_hz);
		return -EINVAL;
	}
	if (tsc_khz == 0) {
		pr_err("this kernel does not know the frequency of its TSC\n");
		return -ENODEV;
	}
	return 0;
}

static int __init lull_pv_init(void)
{
	int error = find_page(&lull_page_address);

	if (error)
		return error;
	mapping = memremap(lull_page_address, LULL_COUNTER_PAGE_BYTES,
			   MEMREMAP_WB);
	if (!mapping) {
		pr_err("cannot map the counter's page at 0x%llx\n",
		       (unsigned long long)lull_page_address);
		return -ENOMEM;
	}
	lull_page = mapping;
	error = check_page();
	if (error)
		goto unmap;
	error = lull_clocksource_register();
	if (error)
		goto unmap;
	error = lull_device_register();
	if (error)
		goto unregister;
	pr_info("a counter of %llu Hz, its page at 0x%llx\n",
		lull_page->nominal_hz, (unsigned long long)lull_page_address);
	return 0;

unregister:
	lull_clocksource_unregister();
unmap:
	memunmap(mapping);
	return error;
}

static void __exit lull_pv_exit(void)
{
	lull_device_unregister();
	lull_clocksource_unregister();
	memunmap(mapping);
}

module_init(lull_pv_init);
module_exit(lull_pv_exit);

MODULE_DESCRIPTION("Paravirtualization for guests of Lull: its counter");
MODULE_LICENSE("GPL");
