/*
 * How long a packet takes there and back: UDP, 64 bytes, one at a time.
 *
 *   roundtrip serve PORT                  sends back what comes
 *   roundtrip ask ADDRESS PORT COUNT      prints rate=N*1 and latency=NANOS*COUNT,... (NANOS to 1 part in 64)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

enum { PACKET_BYTES = 64, STEP_BITS = 6, BINS = 64 << STEP_BITS };

static void fail(const char *what) {
    perror(what);
    exit(2);
}

static uint64_t now_nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void serve(struct sockaddr_in address, int fd) {
    char packet[PACKET_BYTES];
    struct sockaddr_in peer;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("bind");
    for (;;) {
        socklen_t size = sizeof peer;
        ssize_t length = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&peer, &size);
        if (length < 0 || sendto(fd, packet, (size_t)length, 0, (struct sockaddr *)&peer, size) != length)
            fail("serve");
    }
}

/* Values with the same leading 1 + STEP_BITS bits share a bin. */
static unsigned bin_of(uint64_t nanos) {
    unsigned shift = nanos >> STEP_BITS == 0 ? 0 : 63u - STEP_BITS - (unsigned)__builtin_clzll(nanos);
    return (shift << STEP_BITS) + (unsigned)(nanos >> shift);
}

static uint64_t value_of(unsigned bin) {
    unsigned shift = bin >> STEP_BITS == 0 ? 0 : (bin >> STEP_BITS) - 1;
    return (uint64_t)(bin - (shift << STEP_BITS)) << shift;
}

static int ask(struct sockaddr_in address, int fd, uint64_t count) {
    static uint64_t bins[BINS];
    uint64_t packet[PACKET_BYTES / sizeof(uint64_t)] = {0}, answer[PACKET_BYTES / sizeof(uint64_t)];
    struct timeval patience = {.tv_sec = 5};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connect");
    uint64_t started = now_nanos(), last = started;
    for (packet[0] = 0; packet[0] < count; packet[0]++) {
        if (send(fd, packet, sizeof packet, 0) != sizeof packet)
            fail("send");
        if (recv(fd, answer, sizeof answer, 0) != sizeof answer || answer[0] != packet[0])
            fail("no answer");
        uint64_t now = now_nanos();
        bins[bin_of(now - last)]++;
        last = now;
    }
    printf("rate=%llu*1\nlatency=", (unsigned long long)(count * 1000000000u / (last - started)));
    const char *comma = "";
    for (unsigned bin = 0; bin < BINS; bin++) {
        if (bins[bin] == 0)
            continue;
        printf("%s%llu*%llu", comma, (unsigned long long)value_of(bin), (unsigned long long)bins[bin]);
        comma = ",";
    }
    printf("\n");
    return 0;
}

int main(int count, char **arguments) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("socket");
    if (count == 3 && strcmp(arguments[1], "serve") == 0) {
        address.sin_port = htons((uint16_t)atoi(arguments[2]));
        serve(address, fd);
    }
    if (count == 5 && strcmp(arguments[1], "ask") == 0 && inet_pton(AF_INET, arguments[2], &address.sin_addr) == 1) {
        address.sin_port = htons((uint16_t)atoi(arguments[3]));
        return ask(address, fd, strtoull(arguments[4], NULL, 10));
    }
    fprintf(stderr, "usage: roundtrip serve PORT | roundtrip ask ADDRESS PORT COUNT\n");
    return 2;
}
