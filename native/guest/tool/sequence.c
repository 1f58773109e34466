/*
 * Numbered UDP packets, to find what a network loses, doubles or damages.
 *
 *   sequence receive PORT COUNT IDLE_SECONDS      until all COUNT have come, or none for IDLE_SECONDS
 *   sequence send ADDRESS PORT COUNT PER_SECOND
 *
 * A packet is 16 to 1472 bytes: its number and its length, then bytes that follow from the number. `receive` prints
 * received=N lost=N duplicated=N corrupted=N, and ends with status 1 if any was doubled or damaged.
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
#include <unistd.h>

enum { SMALLEST = 16, LARGEST = 1472, BATCH = 32 };

struct header {
    uint64_t number;
    uint64_t length;
};

static void fail(const char *what) {
    perror(what);
    exit(2);
}

static uint64_t mix(uint64_t x) { /* splitmix64's finalizer */
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Builds packet `number`; its length. */
static size_t build(uint64_t number, unsigned char *packet) {
    struct header header = {number, SMALLEST + mix(number + 1) % (LARGEST - SMALLEST + 1)};
    uint64_t state = number;
    memcpy(packet, &header, sizeof header);
    for (size_t at = sizeof header; at < header.length; at += sizeof state) {
        state = mix(state + 0x9e3779b97f4a7c15u);
        memcpy(packet + at, &state, header.length - at < sizeof state ? header.length - at : sizeof state);
    }
    return header.length;
}

static int open_socket(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("socket");
    return fd;
}

static int receive(uint16_t port, uint64_t count, long idle_seconds) {
    int fd = open_socket();
    int buffer_bytes = 32 << 20;
    struct timeval idle = {.tv_sec = idle_seconds};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("receive");
    unsigned char *seen = calloc(count / 8 + 1, 1);
    unsigned char packet[65536], expected[LARGEST];
    uint64_t received = 0, duplicated = 0, corrupted = 0;
    if (seen == NULL)
        fail("calloc");
    printf("listening\n");
    fflush(stdout);
    while (received < count) {
        ssize_t length = recv(fd, packet, sizeof packet, 0);
        if (length < 0)
            break;
        uint64_t number = UINT64_MAX;
        if ((size_t)length >= sizeof number)
            memcpy(&number, packet, sizeof number);
        if (number >= count || build(number, expected) != (size_t)length || memcmp(packet, expected, (size_t)length) != 0)
            corrupted++;
        else if (seen[number / 8] & (1u << number % 8))
            duplicated++;
        else {
            seen[number / 8] |= (unsigned char)(1u << number % 8);
            received++;
        }
    }
    printf("received=%llu lost=%llu duplicated=%llu corrupted=%llu\n", (unsigned long long)received,
           (unsigned long long)(count - received), (unsigned long long)duplicated, (unsigned long long)corrupted);
    return duplicated + corrupted > 0;
}

static int64_t now_nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int send_all(const char *host, uint16_t port, uint64_t count, uint64_t per_second) {
    static unsigned char packets[BATCH][LARGEST];
    struct mmsghdr messages[BATCH] = {0};
    struct iovec pieces[BATCH];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = open_socket();
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail(host);
    int64_t started = now_nanos();
    for (uint64_t sent = 0; sent < count;) {
        unsigned batch = count - sent < BATCH ? (unsigned)(count - sent) : BATCH;
        for (unsigned i = 0; i < batch; i++) {
            pieces[i] = (struct iovec){packets[i], build(sent + i, packets[i])};
            messages[i].msg_hdr.msg_iov = &pieces[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        for (unsigned done = 0; done < batch;) {
            int put = sendmmsg(fd, messages + done, batch - done, 0);
            if (put < 0)
                fail("send");
            done += (unsigned)put;
        }
        sent += batch;
        int64_t ahead = started + (int64_t)(sent * 1000000000.0 / per_second) - now_nanos();
        if (ahead > 0)
            usleep((useconds_t)(ahead / 1000));
    }
    printf("sent=%llu\n", (unsigned long long)count);
    return 0;
}

int main(int count, char **arguments) {
    if (count == 5 && strcmp(arguments[1], "receive") == 0)
        return receive((uint16_t)atoi(arguments[2]), strtoull(arguments[3], NULL, 10), atol(arguments[4]));
    if (count == 6 && strcmp(arguments[1], "send") == 0)
        return send_all(arguments[2], (uint16_t)atoi(arguments[3]), strtoull(arguments[4], NULL, 10),
                        strtoull(arguments[5], NULL, 10));
    fprintf(stderr, "usage: sequence receive PORT COUNT IDLE_SECONDS | sequence send ADDRESS PORT COUNT PER_SECOND\n");
    return 2;
}
