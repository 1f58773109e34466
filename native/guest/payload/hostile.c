/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that means harm: it finds the virtio functions of bus 0, and for as many inputs as it is told breaks the rules
 * of PCI and virtio in all of them but one. An input is a register's access, a descriptor, or an entry of a ring. The one
 * spared, a disk that starts with "LULLDISK", it drives as it should now and then.
 *
 * Command line: INPUTS SEED SPARED_SLOT, decimal. It ends with a line on COM1, "hostile: whole" or what is wrong, and
 * powers off. It runs on any kind of KVM, entered by Linux's 64-bit boot protocol.
 *
 * All that devices may write to lies in the upper half of RAM, and below it nothing of this guest's but this image, so that
 * it outlives its own attacks: it makes page tables of its own, and takes no interrupts.
 */
#include "bare.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc

#define RAM_BYTES (64u << 20)
#define ARENA_GPA (32u << 20)
#define ARENA_BYTES (RAM_BYTES - ARENA_GPA)
#define WINDOW_GPA 0xc0000000u
#define WINDOW_BYTES (512u << 20)
#define ECAM_GPA 0xe0000000u
#define BAR_BYTES (1u << 20) /* room for a function's base address register */

#define SLOTS 32
#define QUEUES 4
#define QUEUE_MAX 256
#define VENDOR_VIRTIO 0x1af4

#define FILL_DESCRIPTORS 8
#define FILL_ENTRIES 4
#define FILL_INPUTS (FILL_DESCRIPTORS + FILL_ENTRIES + 3) /* flags and index of the ring, the doorbell */
#define BRING_UP_INPUTS 13 /* status and features; of queues at least one */
#define INPUTS_BETWEEN_READS 65536

/* Lull's structures lie a page each in the one base address register. */
#define COMMON 0x0000
#define ISR 0x1000
#define DEVICE 0x2000
#define NOTIFY 0x3000
#define MSIX_TABLE 0x4000
#define MSIX_PENDING 0x5000
#define MSIX_ENTRY_DATA 8

/* struct virtio_pci_common_cfg */
#define DEVICE_FEATURE_SELECT 0x00
#define DEVICE_FEATURE 0x04
#define DRIVER_FEATURE_SELECT 0x08
#define DRIVER_FEATURE 0x0c
#define STATUS 0x14
#define QUEUE_SELECT 0x16
#define QUEUE_SIZE 0x18
#define QUEUE_ENABLE 0x1c
#define QUEUE_DESC 0x20
#define QUEUE_DRIVER 0x28
#define QUEUE_DEVICE 0x30
#define COMMON_END 0x38

#define ACKNOWLEDGE 1
#define DRIVER 2
#define DRIVER_OK 4
#define FEATURES_OK 8

/* Of a queue's rings, in what the arena has for it. */
#define AVAILABLE 0x1000
#define USED 0x2000

#define NEXT 1
#define WRITE 2

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

static uint8_t targets[SLOTS];
static unsigned target_count;
static uint64_t state;

/* xorshift64* */
static uint64_t random64(void) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1dull;
}

static uint32_t below(uint32_t bound) { return (uint32_t)((random64() >> 32) * bound >> 32); }

static int one_in(uint32_t times) { return below(times) == 0; }

static uint64_t number(const char **text) {
    uint64_t value = 0;
    while (**text == ' ')
        (*text)++;
    for (; **text >= '0' && **text <= '9'; (*text)++)
        value = value * 10 + (uint64_t)(**text - '0');
    return value;
}

static uint64_t config_gpa(unsigned slot, unsigned at) { return ECAM_GPA + (slot << 15) + at; }

static uint64_t bar(unsigned slot) { return WINDOW_GPA + slot * BAR_BYTES; }

/* Gives a function its place again, whatever was done to its configuration space. */
static void place(unsigned slot) {
    store(config_gpa(slot, 0x10), bar(slot), 4);
    store(config_gpa(slot, 0x14), 0, 4);
    store(config_gpa(slot, 0x04), 6, 2);
}

static void find_targets(unsigned spared) {
    int is_there = 0;
    for (unsigned slot = 1; slot < SLOTS; slot++) {
        if (load(config_gpa(slot, 0), 2) != VENDOR_VIRTIO)
            continue;
        place(slot);
        if (slot == spared)
            is_there = 1;
        else
            targets[target_count++] = (uint8_t)slot;
    }
    if (!is_there || target_count == 0)
        end("hostile: there is nothing to spare, or to attack");
}

static unsigned width(void) { return 1u << below(3); }

/* An address to give to a device: of the arena, or of none of this guest's RAM below it. */
static uint64_t address(void) {
    uint64_t any;
    switch (below(12)) {
    case 0:
        return RAM_BYTES - below(64);
    case 1:
        return WINDOW_GPA + below(WINDOW_BYTES);
    case 2:
        return ECAM_GPA + below(1u << 28);
    case 3:
        return 0 - (uint64_t)below(8192);
    case 4:
        return (1ull << 32) + below(~0u);
    case 5:
        any = random64() >> below(40);
        return any < ARENA_GPA ? any + ARENA_GPA : any;
    default:
        return ARENA_GPA + (below(ARENA_BYTES) & -(1u << below(13)));
    }
}

static uint32_t length(void) {
    static const uint32_t usual[] = {0, 1, 4, 8, 12, 16, 20, 44, 512, 4096, 65536, 1u << 20, 0x7fffffff, 0xffffffff};
    return one_in(4) ? (uint32_t)random64() : usual[below(sizeof usual / sizeof *usual)];
}

static uint64_t queue_gpa(unsigned slot, unsigned queue) { return ARENA_GPA + ((slot * QUEUES + queue) << 14); }

/* What requests start with: numbers that are small, a device's own, or any. */
static void write_request(uint64_t gpa) {
    for (unsigned at = 0; at < 48; at += 4) {
        uint32_t value = one_in(3) ? (uint32_t)random64() : below(16);
        if (one_in(4))
            value = below(2) ? 2 : 3; /* context identifiers of host and guest */
        store(gpa + at, value, 4);
    }
}

static void enable_queue(unsigned slot, unsigned queue, unsigned size, uint64_t desc, uint64_t driver, uint64_t device) {
    uint64_t common = bar(slot) + COMMON;
    store(common + QUEUE_SELECT, queue, 2);
    store(common + QUEUE_SIZE, size, 2);
    store(common + QUEUE_DESC, desc, 8);
    store(common + QUEUE_DRIVER, driver, 8);
    store(common + QUEUE_DEVICE, device, 8);
    store(common + QUEUE_ENABLE, 1, 2);
}

static void set_status(unsigned slot, uint8_t status) { store(bar(slot) + COMMON + STATUS, status, 1); }

static void accept_features(unsigned slot, unsigned half, uint32_t features) {
    store(bar(slot) + COMMON + DRIVER_FEATURE_SELECT, half, 4);
    store(bar(slot) + COMMON + DRIVER_FEATURE, features, 4);
}

/* Programs one queue: within the arena as a driver would, or anywhere. */
static void program(unsigned slot, unsigned queue) {
    uint64_t gpa = queue_gpa(slot, queue);
    if (one_in(6))
        enable_queue(slot, queue, below(1024), address(), address(), address());
    else
        enable_queue(slot, queue, 1u << below(9), gpa, gpa + AVAILABLE, gpa + USED);
}

static void bring_up(unsigned slot) {
    uint64_t common = bar(slot) + COMMON;
    set_status(slot, 0);
    set_status(slot, ACKNOWLEDGE);
    set_status(slot, ACKNOWLEDGE | DRIVER);
    for (unsigned half = 0; half < 2; half++) {
        store(common + DEVICE_FEATURE_SELECT, half, 4);
        uint32_t offered = (uint32_t)load(common + DEVICE_FEATURE, 4);
        accept_features(slot, half, one_in(4) ? (uint32_t)random64() : offered);
    }
    set_status(slot, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    for (unsigned queue = 0; queue < QUEUES; queue++)
        if (!one_in(8))
            program(slot, queue);
    set_status(slot, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

/* Chains of any shape, loops among them, and a driver's ring that may claim more than there is. */
static void fill(unsigned slot, unsigned queue) {
    uint64_t gpa = queue_gpa(slot, queue);
    volatile struct descriptor *descriptors = (volatile struct descriptor *)gpa;
    unsigned count = 1u << below(9);
    for (unsigned i = 0; i < FILL_DESCRIPTORS; i++) {
        unsigned at = below(count);
        uint64_t buffer = address();
        descriptors[at].address = buffer;
        descriptors[at].length = length();
        descriptors[at].flags = one_in(16) ? (uint16_t)random64() : below(one_in(8) ? 8 : 4);
        descriptors[at].next = (uint16_t)(one_in(8) ? random64() : below(count));
        if (buffer >= ARENA_GPA && buffer <= RAM_BYTES - 64)
            write_request(buffer);
    }
    for (unsigned i = 0; i < FILL_ENTRIES; i++)
        store(gpa + AVAILABLE + 4 + 2 * below(QUEUE_MAX), one_in(16) ? random64() : below(count), 2);
    store(gpa + AVAILABLE, one_in(8) ? random64() : 0, 2);
    store(gpa + AVAILABLE + 2, one_in(8) ? random64() : load(gpa + AVAILABLE + 2, 2) + below(8), 2);
    store(bar(slot) + NOTIFY + 4 * queue, queue, 2);
}

/* A register of the common structure; to those that hold addresses, addresses only. */
static void poke_common(unsigned slot) {
    unsigned at = below(COMMON_END);
    uint64_t common = bar(slot) + COMMON;
    if (at >= QUEUE_DESC) {
        uint64_t value = address();
        at &= ~7u;
        if (one_in(2)) {
            store(common + at, value, 8);
        } else {
            store(common + at + 4, value >> 32, 4);
            store(common + at, (uint32_t)value < ARENA_GPA ? (uint32_t)value + ARENA_GPA : value, 4);
        }
    } else {
        unsigned bytes = width();
        /* Not from below into what holds addresses. */
        if (at + bytes <= QUEUE_DESC)
            store(common + at, one_in(2) ? random64() : below(16), bytes);
    }
}

static void poke_config(unsigned slot) {
    unsigned bytes = width();
    uint32_t value = one_in(2) ? (uint32_t)random64() : below(256);
    if (one_in(2)) {
        unsigned at = below(256) & -bytes;
        out(CONFIG_ADDRESS, 0x80000000u | slot << 11 | (at & 0xfc), 4);
        if (one_in(3))
            in((uint16_t)(CONFIG_DATA + (at & 3)), bytes);
        else
            out((uint16_t)(CONFIG_DATA + (at & 3)), value, bytes);
    } else {
        unsigned at = below(one_in(4) ? 4096 : 256);
        if (one_in(3))
            load(config_gpa(slot, at), bytes);
        else
            store(config_gpa(slot, at), value, bytes);
    }
    if (one_in(2))
        place(slot);
}

/* Its delivery mode stays "fixed": an INIT or NMI would be this guest's own end. */
static void poke_msix(unsigned slot) {
    unsigned at = below(0x100) & ~3u;
    uint64_t value = one_in(2) ? 0xfee00000u | below(1u << 20) : random64();
    if ((at & 15) == MSIX_ENTRY_DATA)
        value &= ~0x700ull;
    store(bar(slot) + (one_in(8) ? MSIX_PENDING : MSIX_TABLE) + at, value, 4);
}

static void poke_rest(unsigned slot) {
    unsigned bytes = width();
    uint64_t gpa;
    switch (below(4)) {
    case 0:
        load(bar(slot) + ISR + below(one_in(4) ? 4096 : 4), bytes);
        return;
    case 1:
        gpa = bar(slot) + DEVICE + below(one_in(4) ? 4096 - 8 : 64);
        break;
    case 2:
        gpa = bar(slot) + NOTIFY + below(one_in(4) ? 4096 - 8 : 32);
        break;
    default:
        gpa = bar(slot) + 0x6000 + below(BAR_BYTES - 0x6000 - 8);
    }
    if (one_in(2))
        load(gpa, bytes);
    else
        store(gpa, random64(), bytes);
}

/* One attack; how many inputs it was. */
static unsigned attack(void) {
    unsigned slot = targets[below(target_count)];
    switch (below(16)) {
    case 0:
        bring_up(slot);
        return BRING_UP_INPUTS;
    case 1:
    case 2:
        poke_common(slot);
        break;
    case 3:
        poke_config(slot);
        break;
    case 4:
        poke_msix(slot);
        break;
    case 5:
        poke_rest(slot);
        break;
    default:
        fill(slot, below(QUEUES));
        return FILL_INPUTS;
    }
    return 1;
}

/* Reads the first sector of the spared disk, as virtio 1.2 says; the device must serve it as if it were alone. */
static void read_spared(unsigned slot) {
    uint64_t common = bar(slot) + COMMON, gpa = queue_gpa(slot, 0), request = gpa + 0x3000;
    volatile struct descriptor *descriptors = (volatile struct descriptor *)gpa;
    memset((void *)gpa, 0, 0x4000);
    set_status(slot, 0);
    while (load(common + STATUS, 1) != 0)
        ;
    set_status(slot, ACKNOWLEDGE | DRIVER);
    accept_features(slot, 0, 0);
    accept_features(slot, 1, 1); /* VIRTIO_F_VERSION_1 */
    set_status(slot, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    enable_queue(slot, 0, 4, gpa, gpa + AVAILABLE, gpa + USED);
    set_status(slot, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);

    descriptors[0] = (struct descriptor){request, 16, NEXT, 1};
    descriptors[1] = (struct descriptor){request + 512, 512, NEXT | WRITE, 2};
    descriptors[2] = (struct descriptor){request + 16, 1, WRITE, 0};
    store(request + 16, 0xff, 1);
    store(gpa + AVAILABLE + 2, 1, 2);
    store(bar(slot) + NOTIFY, 0, 2);
    for (uint64_t tries = 0; load(gpa + USED + 2, 2) == 0; tries++) {
        load(common + STATUS, 1); /* an exit, so that the wait has a bound in time too */
        if (tries == 10000000)
            end("hostile: the spared disk does not answer");
    }
    if (load(request + 16, 1) != 0 || load(request + 512, 8) != 0x4b5349444c4c554cull)
        end("hostile: the spared disk gave something else");
}

void run(const uint8_t *boot_params) {
    const char *text = (const char *)(uint64_t) * (const uint32_t *)(boot_params + 0x228);
    uint64_t inputs = number(&text), done = 0, next_read = 0;
    state = number(&text) * 2 + 1;
    unsigned spared = (unsigned)number(&text);
    map_low_4_gib();
    find_targets(spared);
    while (done < inputs) {
        done += attack();
        if (done >= next_read) {
            read_spared(spared);
            next_read = done + INPUTS_BETWEEN_READS;
        }
    }
    read_spared(spared);
    end("hostile: whole");
}
