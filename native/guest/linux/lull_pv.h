/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of lull_pv share. */
#ifndef LULL_PV_H
#define LULL_PV_H

#include <linux/types.h>

#include "lull_counter.h"

/* The page, from before the clocksource and the device are there until after. */
extern const struct lull_counter_page *lull_page;
extern phys_addr_t lull_page_address;

int lull_clocksource_register(void);
void lull_clocksource_unregister(void);

int lull_device_register(void);
void lull_device_unregister(void);

int lull_wait(u64 value, u64 *woke);

#endif
