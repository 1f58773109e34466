/*
 * Many byte streams at once over vsock, each in both directions, each byte checked.
 *
 *   streams listen vsock:PORT COUNT BYTES        in the guest: takes COUNT streams
 *   streams connect vsock:PORT COUNT BYTES       in the guest: opens COUNT streams to the host
 *   streams listen PATH COUNT BYTES              on the host, where the monitor connects to PATH
 *   streams connect PATH:PORT COUNT BYTES        on the host, through the monitor's socket PATH, by its CONNECT line
 *
 * Who connects says its stream's number first. Then both sides send BYTES that follow from the number, and end their
 * half; each goes on reading until the other's half ends. Prints streams=N bytes=N wrong=N; status 1 if any was wrong.
 */
#define _GNU_SOURCE
#include <linux/vm_sockets.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHUNK = 16384, MOST_STREAMS = 1024 };

struct stream {
    int fd;
    int connects;
    uint32_t number;
    uint64_t bytes, read;
    int wrong;
};

static void fail(const char *what) {
    perror(what);
    exit(2);
}

/* The byte of stream `number` at `at`, different for the two directions. */
static unsigned char pattern(uint32_t number, int of_connector, uint64_t at) {
    uint64_t x = (at / 8 + 1) * 0x9e3779b97f4a7c15u + number * 2u + (unsigned)of_connector;
    x = (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9u;
    return (unsigned char)(x >> (at % 8 * 8));
}

static int put_all(int fd, const void *data, size_t length) {
    for (size_t done = 0; done < length;) {
        ssize_t put = send(fd, (const char *)data + done, length - done, MSG_NOSIGNAL);
        if (put <= 0)
            return 0;
        done += (size_t)put;
    }
    return 1;
}

static int take_all(int fd, void *data, size_t length) {
    for (size_t done = 0; done < length;) {
        ssize_t got = recv(fd, (char *)data + done, length - done, 0);
        if (got <= 0)
            return 0;
        done += (size_t)got;
    }
    return 1;
}

static void *write_half(void *argument) {
    struct stream *stream = argument;
    unsigned char chunk[CHUNK];
    for (uint64_t at = 0; at < stream->bytes;) {
        size_t length = stream->bytes - at < CHUNK ? (size_t)(stream->bytes - at) : CHUNK;
        for (size_t i = 0; i < length; i++)
            chunk[i] = pattern(stream->number, stream->connects, at + i);
        if (!put_all(stream->fd, chunk, length))
            return "write";
        at += length;
    }
    return shutdown(stream->fd, SHUT_WR) < 0 ? "shutdown" : NULL;
}

static void *run_stream(void *argument) {
    struct stream *stream = argument;
    unsigned char chunk[CHUNK];
    pthread_t writer;
    void *failure;
    if (!(stream->connects ? put_all(stream->fd, &stream->number, sizeof stream->number)
                           : take_all(stream->fd, &stream->number, sizeof stream->number))) {
        stream->wrong = 1;
        return NULL;
    }
    if (pthread_create(&writer, NULL, write_half, stream) != 0)
        fail("pthread_create");
    ssize_t got;
    while ((got = recv(stream->fd, chunk, sizeof chunk, 0)) > 0)
        for (ssize_t i = 0; i < got; i++)
            stream->wrong |= chunk[i] != pattern(stream->number, !stream->connects, stream->read++);
    pthread_join(writer, &failure);
    if (got < 0)
        failure = "read";
    if (failure != NULL)
        fprintf(stderr, "stream %u: %s\n", stream->number, (const char *)failure);
    stream->wrong |= failure != NULL || stream->read != stream->bytes;
    close(stream->fd);
    return NULL;
}

static int unix_socket(const char *path, struct sockaddr_un *address) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path) {
        fprintf(stderr, "%s: too long for a Unix socket\n", path);
        exit(2);
    }
    strcpy(address->sun_path, path);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int connect_vsock(unsigned port) {
    struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = port};
    /* Linux gives up after 2 s; where a host is busy with other streams that proves nothing. */
    struct timeval patience = {.tv_sec = 60};
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &patience, sizeof patience) < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connect");
    return fd;
}

static int connect_through(char *where) {
    struct sockaddr_un address;
    char line[64], byte = 0;
    size_t length = 0;
    char *colon = strrchr(where, ':');
    if (colon == NULL) {
        fprintf(stderr, "%s is not PATH:PORT\n", where);
        exit(2);
    }
    *colon = '\0';
    int fd = unix_socket(where, &address);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail(where);
    *colon = ':';
    snprintf(line, sizeof line, "CONNECT %s\n", colon + 1);
    if (!put_all(fd, line, strlen(line)))
        fail("CONNECT");
    while (byte != '\n' && length < sizeof line - 1 && take_all(fd, &byte, 1))
        line[length++] = byte;
    line[length] = '\0';
    if (strncmp(line, "OK ", 3) != 0) {
        fprintf(stderr, "CONNECT was answered by '%s'\n", line);
        exit(2);
    }
    return fd;
}

static int listen_at(char *where) {
    int fd;
    if (strncmp(where, "vsock:", 6) == 0) {
        struct sockaddr_vm address = {
            .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = (unsigned)atoi(where + 6)};
        fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
            fail(where);
    } else {
        struct sockaddr_un address;
        fd = unix_socket(where, &address);
        unlink(where);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
            fail(where);
    }
    if (listen(fd, MOST_STREAMS) < 0)
        fail("listen");
    printf("listening\n");
    fflush(stdout);
    return fd;
}

int main(int count, char **arguments) {
    static struct stream streams[MOST_STREAMS];
    static pthread_t threads[MOST_STREAMS];
    uint64_t total = 0;
    int wrong = 0;
    if (count != 5 || atoi(arguments[3]) < 1 || atoi(arguments[3]) > MOST_STREAMS) {
        fprintf(stderr, "usage: streams listen|connect vsock:PORT|PATH|PATH:PORT COUNT BYTES\n");
        return 2;
    }
    int connects = strcmp(arguments[1], "connect") == 0, number = atoi(arguments[3]);
    int vsock = strncmp(arguments[2], "vsock:", 6) == 0;
    int listener = connects ? -1 : listen_at(arguments[2]);
    for (int i = 0; i < number; i++) {
        streams[i] = (struct stream){.connects = connects, .number = (uint32_t)i};
        streams[i].bytes = strtoull(arguments[4], NULL, 10);
        streams[i].fd = !connects ? accept(listener, NULL, NULL)
                        : vsock   ? connect_vsock((unsigned)atoi(arguments[2] + 6))
                                  : connect_through(arguments[2]);
        if (streams[i].fd < 0)
            fail("accept");
        if (pthread_create(&threads[i], NULL, run_stream, &streams[i]) != 0)
            fail("pthread_create");
    }
    for (int i = 0; i < number; i++) {
        pthread_join(threads[i], NULL);
        total += streams[i].read;
        wrong += streams[i].wrong;
    }
    printf("streams=%d bytes=%llu wrong=%d\n", number, (unsigned long long)total, wrong);
    return wrong > 0;
}
