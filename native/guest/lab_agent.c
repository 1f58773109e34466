/*
 * Process 1 of the lab's machine (L1), or a service of its systemd, whose state is then the argument: runs one command
 * and carries its stdin, stdout, stderr and exit status over virtio-serial ports, byte for byte. perf/lab/lab is the
 * other end.
 *
 * Request, in /run/lull-lab: args and env (each string ends in NUL), cwd, terminal ("ROWS COLUMNS", empty for none).
 * Ports, by name: lull.control (text lines to the host: "up", "exit STATUS", "error TEXT"), lull.stdin, lull.stdout,
 * lull.stderr; with a terminal lull.stdin is the whole terminal, both ways.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUEST "/run/lull-lab/"
#define DEBUG_EXIT_PORT 0xf4 /* QEMU's isa-debug-exit: a write ends QEMU at once */
#define CHUNK 32768          /* what the port driver takes in one write */

static int control = -1;

/* One direction: what was read from `from` and not yet written to `to`. */
struct pump {
    int from, to;
    size_t start, end;
    char data[CHUNK];
};

static void end_machine(void) {
    sync();
    if (ioperm(DEBUG_EXIT_PORT, 1, 1) == 0)
        outb(0, DEBUG_EXIT_PORT);
    reboot(RB_AUTOBOOT);
    _exit(1);
}

static void tell_host(const char *format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof line)
        length = sizeof line - 1;
    if (control < 0 || write(control, line, (size_t)length) != length)
        dprintf(2, "lull-lab: %s", line);
}

static void fail(const char *what) {
    tell_host("error %s: %s\n", what, strerror(errno));
    end_machine();
}

static char *read_request(const char *name, size_t *length) {
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, REQUEST "%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        fail(path);
    char *text = calloc(1, (size_t)status.st_size + 1);
    size_t done = 0;
    while (text != NULL && done < (size_t)status.st_size) {
        ssize_t got = read(fd, text + done, (size_t)status.st_size - done);
        if (got <= 0)
            fail(path);
        done += (size_t)got;
    }
    if (text == NULL)
        fail(path);
    close(fd);
    *length = done;
    return text;
}

static char **read_list(const char *name) {
    size_t length, count = 0;
    char *text = read_request(name, &length);
    for (size_t i = 0; i < length; i++)
        count += text[i] == '\0';
    char **list = calloc(count + 1, sizeof *list);
    if (list == NULL)
        fail(name);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        list[i] = text + at;
        at += strlen(text + at) + 1;
    }
    return list;
}

/* The device of the port with this name, or -1 while the host has not announced it. */
static int find_port(const char *name, char *device, size_t size) {
    DIR *ports = opendir("/sys/class/virtio-ports");
    if (ports == NULL)
        return -1;
    int found = -1;
    for (struct dirent *entry; found < 0 && (entry = readdir(ports)) != NULL;) {
        char path[300], text[64] = "";
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", entry->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (read(fd, text, sizeof text - 1) > 0) {
            text[strcspn(text, "\n")] = '\0';
            if (strcmp(text, name) == 0) {
                snprintf(device, size, "/dev/%.200s", entry->d_name);
                found = 0;
            }
        }
        close(fd);
    }
    closedir(ports);
    return found;
}

static int open_port(const char *name, int mode) {
    char device[256];
    for (int tries = 0; find_port(name, device, sizeof device) < 0; tries++) {
        if (tries == 2000) {
            errno = ENODEV;
            fail(name);
        }
        usleep(1000);
    }
    int fd = open(device, mode | O_CLOEXEC);
    if (fd < 0)
        fail(device);
    return fd;
}

static int read_into(struct pump *pump) { /* 1 more may come, 0 end of input */
    ssize_t got = read(pump->from, pump->data, sizeof pump->data);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 1;
    if (got <= 0)
        return 0;
    pump->start = 0;
    pump->end = (size_t)got;
    return 1;
}

/* A write to the host returns when QEMU has it: its end is a file, and virtio-serial has no ioeventfd to put it off. */
static int write_out(struct pump *pump) { /* 1 fine, 0 nobody reads any more */
    ssize_t put = write(pump->to, pump->data + pump->start, pump->end - pump->start);
    if (put < 0)
        return errno == EAGAIN || errno == EINTR;
    pump->start += (size_t)put;
    return 1;
}

static void drain(struct pump *pump) { /* everything there is now, without waiting for more */
    for (;;) {
        while (pump->start < pump->end)
            if (!write_out(pump))
                return;
        struct pollfd ready = {.fd = pump->from, .events = POLLIN};
        if (pump->from < 0 || poll(&ready, 1, 0) <= 0 || !(ready.revents & POLLIN) || !read_into(pump))
            return;
    }
}

static void close_pump(struct pump *pump, int close_to) {
    if (close_to)
        close(pump->to);
    pump->from = -1;
    pump->start = pump->end = 0;
}

/* Carries everything until the command has ended; returns its wait status. Reaps whatever else process 1 inherits. */
static int carry(pid_t command, int children, struct pump *in, struct pump *outs, int out_count) {
    for (;;) {
        struct pollfd ready[4] = {{.fd = children, .events = POLLIN}, {.fd = -1}, {.fd = -1}, {.fd = -1}};
        int in_waits = in->start < in->end;
        if (in->from >= 0) {
            ready[1].fd = in_waits ? in->to : in->from;
            ready[1].events = in_waits ? POLLOUT : POLLIN;
        }
        for (int i = 0; i < out_count; i++) {
            ready[2 + i].fd = outs[i].from;
            ready[2 + i].events = POLLIN;
        }
        if (poll(ready, 4, -1) < 0 && errno != EINTR)
            fail("poll");
        if (ready[1].revents != 0) {
            int alive = in_waits ? write_out(in) : read_into(in);
            if (!alive)
                close_pump(in, in->to != outs[0].from);
        }
        for (int i = 0; i < out_count; i++) {
            if (ready[2 + i].revents == 0)
                continue;
            if (!read_into(&outs[i]))
                outs[i].from = -1;
            while (outs[i].start < outs[i].end && write_out(&outs[i]))
                ;
        }
        if (ready[0].revents != 0) {
            struct signalfd_siginfo info;
            int status, command_status = -1;
            if (read(children, &info, sizeof info) < 0)
                fail("signalfd");
            for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
                if (ended == command)
                    command_status = status;
            if (command_status >= 0) {
                for (int i = 0; i < out_count; i++)
                    drain(&outs[i]);
                return command_status;
            }
        }
    }
}

static int open_terminal(const char *size, char *slave_name, size_t name_size) {
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || unlockpt(master) < 0 || ptsname_r(master, slave_name, name_size) != 0)
        fail("/dev/ptmx");
    struct winsize window = {.ws_row = 24, .ws_col = 80};
    sscanf(size, "%hu %hu", &window.ws_row, &window.ws_col);
    ioctl(master, TIOCSWINSZ, &window);
    return master;
}

static void run_command(char **args, char **env, const char *cwd, const char *terminal, const int stdio[3]) {
    setsid();
    if (terminal != NULL) {
        int tty = open(terminal, O_RDWR); /* becomes the controlling terminal */
        if (tty < 0)
            _exit(125);
        for (int i = 0; i < 3; i++)
            dup2(tty, i);
        if (tty > 2)
            close(tty);
    } else {
        for (int i = 0; i < 3; i++)
            dup2(stdio[i], i);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    environ = env;
    if (chdir(cwd) < 0) {
        dprintf(2, "lab: %s: %s\n", cwd, strerror(errno));
        _exit(125);
    }
    execvp(args[0], args);
    int error = errno;
    dprintf(2, "lab: %s: %s\n", args[0], error == ENOENT ? "command not found" : strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

int main(int argc, char **argv) {
    size_t length, terminal_length;
    static struct pump in, outs[2];
    sigset_t child_signal;

    if (getpid() != 1 && argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_signal, NULL);
    int children = signalfd(-1, &child_signal, SFD_CLOEXEC);

    /*
     * Ports are announced in order, each name followed by "the host has it open". lull.control is the last: once it is
     * there, a stdin that reports hang-up has truly ended and is not merely unannounced.
     */
    control = open_port("lull.control", O_WRONLY);
    if (argc == 2 && strcmp(argv[1], "running") != 0) {
        tell_host("error systemd is %s\n", argv[1]);
        end_machine();
    }
    char *terminal = read_request("terminal", &terminal_length);
    int has_terminal = terminal_length > 0;
    int in_port = open_port("lull.stdin", has_terminal ? O_RDWR : O_RDONLY);
    int out_port = has_terminal ? -1 : open_port("lull.stdout", O_WRONLY);
    int err_port = has_terminal ? -1 : open_port("lull.stderr", O_WRONLY);

    int stdio[3] = {-1, -1, -1};
    char slave[64];
    if (has_terminal) {
        int master = open_terminal(terminal, slave, sizeof slave);
        in = (struct pump){.from = in_port, .to = master};
        outs[0] = (struct pump){.from = master, .to = in_port};
    } else {
        int pipes[3][2];
        for (int i = 0; i < 3; i++)
            if (pipe2(pipes[i], O_CLOEXEC) < 0)
                fail("pipe");
        fcntl(pipes[0][1], F_SETFL, O_NONBLOCK);
        stdio[0] = pipes[0][0];
        stdio[1] = pipes[1][1];
        stdio[2] = pipes[2][1];
        in = (struct pump){.from = in_port, .to = pipes[0][1]};
        outs[0] = (struct pump){.from = pipes[1][0], .to = out_port};
        outs[1] = (struct pump){.from = pipes[2][0], .to = err_port};
    }

    char **args = read_list("args");
    char **env = read_list("env");
    char *cwd = read_request("cwd", &length);

    tell_host("up\n");
    pid_t command = fork();
    if (command < 0)
        fail("fork");
    if (command == 0)
        run_command(args, env, cwd, has_terminal ? slave : NULL, stdio);
    for (int i = 0; i < 3; i++)
        if (stdio[i] >= 0)
            close(stdio[i]);

    int status = carry(command, children, &in, outs, has_terminal ? 1 : 2);
    tell_host("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    end_machine();
}
