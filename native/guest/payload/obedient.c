/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that does what its host asks of a guest, and nothing else: gives up devices, turns itself off when its power button
 * is pressed, resets on Ctrl-Alt-Del. It says "obedient" on COM1 when it begins to listen. It polls, and so takes no
 * interrupts and runs on any kind of KVM, entered by Linux's 64-bit boot protocol.
 */
#include "bare.h"

#define HOTPLUG_DOWN_GPA 0xe8000004u
#define HOTPLUG_EJECT_GPA 0xe8000008u
#define POWER_BUTTON_GPA 0xe8000010u

#define KEYBOARD_DATA 0x60
#define KEYBOARD_STATUS 0x64
#define KEYBOARD_COMMAND 0x64
#define OUTPUT_FULL 1
#define PULSE_RESET 0xfe
#define KEY_DELETE 0x71

void run(const uint8_t *boot_params) {
    (void)boot_params;
    map_low_4_gib();
    say("obedient\n");
    for (;;) {
        uint32_t leaving = (uint32_t)load(HOTPLUG_DOWN_GPA, 4);
        if (leaving != 0)
            store(HOTPLUG_EJECT_GPA, leaving, 4);
        if (load(POWER_BUTTON_GPA, 4) != 0)
            end("obedient: off");
        if ((in(KEYBOARD_STATUS, 1) & OUTPUT_FULL) != 0 && in(KEYBOARD_DATA, 1) == KEY_DELETE)
            out8(KEYBOARD_COMMAND, PULSE_RESET);
    }
}
