// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/lull_counter: the page, read-only, for programs to map; the counter by
 * read(2); and what lull_counter.h has by ioctl(2).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/pfn.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include "lull_pv.h"

/* Each processor counts its own: a trap is to cost no line that others write. */
static DEFINE_PER_CPU(u64, traps);
static DEFINE_PER_CPU(u64, waits);

static u64 sum(u64 __percpu *counts)
{
	u64 total = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		total += READ_ONCE(*per_cpu_ptr(counts, cpu));
	return total;
}

static ssize_t counter_read(struct file *file, char __user *buffer,
			    size_t length, loff_t *offset)
{
	u64 now = lull_counter_read(lull_page);

	if (length < sizeof(now))
		return -EINVAL;
	return copy_to_user(buffer, &now, sizeof(now)) ? -EFAULT : sizeof(now);
}

static long counter_ioctl(struct file *file, unsigned int command,
			  unsigned long argument)
{
	u64 __user *user = (u64 __user *)argument;
	u64 value;
	int error;

	switch (command) {
	case LULL_COUNTER_WAIT:
		if (get_user(value, user))
			return -EFAULT;
		error = lull_wait(value, &value);
		if (error)
			return error;
		this_cpu_inc(waits);
		break;
	case LULL_COUNTER_TRAP_COUNTER:
		value = lull_counter_read(lull_page);
		this_cpu_inc(traps);
		break;
	case LULL_COUNTER_TRAP_TICKS:
		value = lull_counter_ticks();
		this_cpu_inc(traps);
		break;
	default:
		return -ENOTTY;
	}
	return put_user(value, user);
}

/* For good: mprotect(2) is refused what mmap(2) was not asked for. */
static void forbid_writing(struct vm_area_struct *area)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_clear(area, VM_MAYWRITE);
#else
	area->vm_flags &= ~VM_MAYWRITE;
#endif
}

static int counter_mmap(struct file *file, struct vm_area_struct *area)
{
	if (area->vm_pgoff != 0 ||
	    area->vm_end - area->vm_start != LULL_COUNTER_PAGE_BYTES)
		return -EINVAL;
	if (area->vm_flags & VM_WRITE)
		return -EACCES;
	forbid_writing(area);
	return remap_pfn_range(area, area->vm_start, PHYS_PFN(lull_page_address),
			       LULL_COUNTER_PAGE_BYTES, area->vm_page_prot);
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.read = counter_read,
	.mmap = counter_mmap,
	.unlocked_ioctl = counter_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static ssize_t traps_show(struct device *device,
			  struct device_attribute *attribute, char *text)
{
	return sysfs_emit(text, "%llu\n", sum(&traps));
}
static DEVICE_ATTR_RO(traps);

static ssize_t waits_show(struct device *device,
			  struct device_attribute *attribute, char *text)
{
	return sysfs_emit(text, "%llu\n", sum(&waits));
}
static DEVICE_ATTR_RO(waits);

static ssize_t nominal_hz_show(struct device *device,
			       struct device_attribute *attribute, char *text)
{
	struct lull_counter counter;

	lull_counter_snapshot(lull_page, &counter);
	return sysfs_emit(text, "%llu\n", counter.nominal_hz);
}
static DEVICE_ATTR_RO(nominal_hz);

/* Guest-physical. */
static ssize_t page_address_show(struct device *device,
				 struct device_attribute *attribute, char *text)
{
	return sysfs_emit(text, "0x%llx\n",
			  (unsigned long long)lull_page_address);
}
static DEVICE_ATTR_RO(page_address);

static struct attribute *counter_attrs[] = {
	&dev_attr_traps.attr,
	&dev_attr_waits.attr,
	&dev_attr_nominal_hz.attr,
	&dev_attr_page_address.attr,
	NULL,
};
ATTRIBUTE_GROUPS(counter);

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "lull_counter",
	.mode = 0444,
	.fops = &operations,
	.groups = counter_groups,
};

int lull_device_register(void)
{
	int error = misc_register(&device);

	if (error)
		pr_err("cannot register the device: error %d\n", error);
	return error;
}

void lull_device_unregister(void)
{
	misc_deregister(&device);
}
