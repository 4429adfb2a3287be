#include "tests/perf/peer.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/perf/measure.h"

#define PATIENCE_MS 60000 /* importing a framework takes seconds */
#define LINE 256

/* One line without its end; -1 at the end of file or after waiting in vain. */
static int read_line(int fd, char *line, int size)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int n = 0;

    while (n < size - 1 && poll(&ready, 1, PATIENCE_MS) > 0 && read(fd, line + n, 1) == 1) {
        if (line[n] == '\n') {
            line[n] = '\0';
            return 0;
        }
        n++;
    }
    return -1;
}

static void child(const struct perf_peer *peer, const char *python, const char *data, int in, int out)
{
    char threads[16];
    int null = open("/dev/null", O_WRONLY);

    snprintf(threads, sizeof(threads), "%d", peer->threads);
    setenv("OMP_NUM_THREADS", threads, 1);
    signal(SIGPIPE, SIG_DFL);
    dup2(in, 0);
    dup2(out, 1);
    if (null >= 0)
        dup2(null, 2); /* warnings of frameworks */
    execlp(python, python, peer->script, threads, data, (char *)NULL);
    _exit(127);
}

static void start_with(struct perf_peer *peer, const char *python, const char *data)
{
    int to[2], from[2];

    if (pipe2(to, O_CLOEXEC))
        return;
    if (pipe2(from, O_CLOEXEC)) {
        close(to[0]);
        close(to[1]);
        return;
    }
    if (peer->threads == 1)
        perf_pin();
    peer->pid = fork();
    if (peer->pid == 0)
        child(peer, python, data, to[0], from[1]);
    perf_unpin();
    close(to[0]);
    close(from[1]);
    peer->to = to[1];
    peer->from = from[0];
    if (peer->pid < 0) {
        close(to[1]);
        close(from[0]);
        peer->pid = 0;
    }
}

void perf_peer_start(struct perf_peer *peer, const char *data)
{
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    char line[LINE];

    snprintf(peer->missing, sizeof(peer->missing), "no python3");
    for (size_t i = 0; i < 2; i++) {
        start_with(peer, pythons[i], data);
        if (!peer->pid)
            continue;
        if (read_line(peer->from, line, sizeof(line)) == 0) {
            if (strncmp(line, "ready ", 6) == 0) {
                snprintf(peer->version, sizeof(peer->version), "%.60s", line + 6);
                peer->missing[0] = '\0';
                return;
            }
            snprintf(peer->missing, sizeof(peer->missing), "%.150s",
                     line + (strncmp(line, "missing ", 8) ? 0 : 8));
        }
        perf_peer_stop(peer);
    }
}

double perf_peer_ask(struct perf_peer *peer, const char *question, char *why, int why_size)
{
    char line[LINE], *end;
    size_t n = strlen(question);
    double seconds;

    if (!peer->pid) {
        snprintf(why, (size_t)why_size, "%.*s", why_size - 1, peer->missing);
        return -1;
    }
    if (write(peer->to, question, n) != (ssize_t)n || read_line(peer->from, line, sizeof(line))) {
        snprintf(peer->missing, sizeof(peer->missing), "%s stopped answering", peer->name);
        snprintf(why, (size_t)why_size, "%.*s", why_size - 1, peer->missing);
        kill(peer->pid, SIGKILL);
        perf_peer_stop(peer);
        return -1;
    }
    /* Threads of a framework spin for some milliseconds after their work, on processors that are measured next. */
    nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
    seconds = strtod(line, &end);
    if (end != line && *end == '\0' && seconds > 0)
        return seconds;
    snprintf(why, (size_t)why_size, "%.*s", why_size - 1, line + (strncmp(line, "error ", 6) ? 0 : 6));
    return -1;
}

void perf_peer_stop(struct perf_peer *peer)
{
    if (!peer->pid)
        return;
    close(peer->to);
    close(peer->from);
    waitpid(peer->pid, NULL, 0);
    peer->pid = 0;
}
