#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define DEPTH_MAX 16 /* generations of processes that a signal is passed on to */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/*
 * Without the signals that are ignored, as under nohup: while blocked, they would be queued. With SIGCHLD, which tells
 * that a program has ended.
 */
static void make_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGCHLD);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct sigaction action;

        if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(set, signals[i]);
    }
}

int eo_proc_begin(struct eo_proc *p, struct eo_err *err)
{
    sigset_t set;

    /* While SIGCHLD is ignored, a program that has ended cannot be waited for. */
    signal(SIGCHLD, SIG_DFL);
    make_set(&set);
    p->signal = 0;
    p->environment = NULL;
    p->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (p->fd < 0)
        return eo_err_errno(err, "cannot wait for signals");
    pthread_sigmask(SIG_BLOCK, &set, &p->before);
    return 0;
}

/* Reads the signals that came. Returns the latest one besides SIGCHLD, or 0. */
static int take_signal(struct eo_proc *p)
{
    struct signalfd_siginfo info;
    int latest = 0;

    while (read(p->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        latest = info.ssi_signo != SIGCHLD ? (int)info.ssi_signo : latest;
    if (latest)
        p->signal = latest;
    return latest;
}

int eo_proc_end(struct eo_proc *p)
{
    take_signal(p);
    close(p->fd);
    pthread_sigmask(SIG_SETMASK, &p->before, NULL);
    return p->signal;
}

/* The line that is being read, and the whole ones so far. */
struct tail {
    char current[EO_PROC_LINE];
    size_t used;
    struct eo_proc_said *said;
};

static void tail_end_line(struct tail *t)
{
    t->current[t->used] = '\0';
    if (t->used > 0)
        strcpy(t->said->last, t->current);
    if (!t->said->first[0])
        strcpy(t->said->first, t->current);
    t->used = 0;
}

static void tail_add(struct tail *t, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n' || bytes[i] == '\r')
            tail_end_line(t);
        else if (bytes[i] != '\0' && t->used < EO_PROC_LINE - 1)
            t->current[t->used++] = bytes[i];
    }
}

/* Passes bytes on and ignores errors, because a closed standard error must not make the program fail. */
static void pass_on(int fd, const char *bytes, size_t n)
{
    while (fd >= 0 && n > 0) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno != EINTR)
            return;
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        }
    }
}

/* A running program. */
struct step {
    struct eo_proc *proc;
    pid_t pid;
    int messages; /* reading end of its standard error; -1 at the end */
    int through;
    int ended, raw_status;
    struct tail tail;
};

static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, const struct step *s,
                  int messages)
{
    int code = 0;

    if (s->through < 0)
        code = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!code)
        code = posix_spawn_file_actions_adddup2(actions, messages, STDERR_FILENO);
    if (!code)
        code = posix_spawnattr_setsigmask(attributes, &s->proc->before);
    return code ? code : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
}

static int start(struct step *s, char *const argv[], int messages, struct eo_err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);

    if (code)
        goto failed;
    code = posix_spawnattr_init(&attributes);
    if (!code) {
        code = set_up(&actions, &attributes, s, messages);
        if (!code)
            code = posix_spawnp(&s->pid, argv[0], &actions, &attributes, argv,
                                s->proc->environment ? s->proc->environment : environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
failed:
    if (!code)
        return 0;
    errno = code;
    eo_err_errno(err, "cannot run");
    return eo_err_prefix(err, "'%s'", argv[0]);
}

/* Sends the signal to the children of a process and to theirs: a shell waits for its command before it listens. */
static void signal_below(pid_t parent, int signal, int depth)
{
    char path[64], list[4096], *p = list, *end;
    ssize_t n;
    long pid;
    int fd;

    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)parent, (long)parent);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    n = read(fd, list, sizeof(list) - 1);
    close(fd);
    list[n > 0 ? n : 0] = '\0';
    while ((pid = strtol(p, &end, 10)) > 0) {
        if (depth < DEPTH_MAX)
            signal_below((pid_t)pid, signal, depth + 1);
        kill((pid_t)pid, signal);
        p = end;
    }
}

/* Without /proc only the program itself is known. */
static void signal_children(const struct step *s, int signal)
{
    if (access("/proc/self/task", F_OK) == 0)
        signal_below(getpid(), signal, 0);
    else if (!s->ended)
        kill(s->pid, signal);
}

/* Waits for all children that have ended. The children of an interrupted shell become ours and are ended, too. */
static void reap(struct step *s)
{
    pid_t pid;
    int raw;

    while ((pid = waitpid(-1, &raw, WNOHANG)) > 0) {
        if (pid == s->pid) {
            s->ended = 1;
            s->raw_status = raw;
        }
        if (s->proc->signal)
            signal_children(s, s->proc->signal);
    }
}

static void read_signals(struct step *s)
{
    int signal = take_signal(s->proc);

    if (signal) {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        signal_children(s, signal);
    }
    reap(s);
}

static void read_messages(struct step *s)
{
    char bytes[4096];
    ssize_t n = read(s->messages, bytes, sizeof(bytes));

    if (n > 0) {
        pass_on(s->through, bytes, (size_t)n);
        tail_add(&s->tail, bytes, (size_t)n);
    } else if (n == 0 || errno != EINTR) {
        close(s->messages);
        s->messages = -1;
    }
}

static int has_children(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Until the program has ended and its standard error is closed everywhere; when interrupted, until no child is left. */
static int follow(struct step *s, struct eo_err *err)
{
    while (!s->ended || s->messages >= 0 || (s->proc->signal && has_children())) {
        struct pollfd on[] = {{.fd = s->proc->fd, .events = POLLIN}, {.fd = s->messages, .events = POLLIN}};

        if (poll(on, 2, -1) < 0 && errno != EINTR)
            return eo_err_errno(err, "cannot wait for the program");
        if (on[1].revents)
            read_messages(s);
        if (on[0].revents)
            read_signals(s);
    }
    tail_end_line(&s->tail);
    return 0;
}

/* The part of a message behind "<program>: ". */
static const char *strip_program(const char *line, const char *program)
{
    const char *name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
    const char *colon = strstr(line, ": ");
    size_t n = colon ? (size_t)(colon - line) : 0;

    if (colon && n == strlen(name) && strncmp(line, name, n) == 0)
        return colon + 2;
    return strncmp(line, "eo-", 3) == 0 && strcspn(line, " ") == n + 1 ? colon + 2 : line;
}

static int refuse_signal(const struct eo_proc *p, struct eo_err *err)
{
    return eo_err_set(err, "interrupted by signal %d", p->signal);
}

static int run_step(struct step *s, char *const argv[], struct eo_err *err)
{
    int fd[2], rc;

    if (pipe2(fd, O_CLOEXEC))
        return eo_err_errno(err, "cannot make a pipe");
    s->messages = fd[0];
    rc = start(s, argv, fd[1], err);
    close(fd[1]);
    if (rc == 0)
        rc = follow(s, err);
    if (s->messages >= 0)
        close(s->messages);
    return rc;
}

int eo_proc_run(struct eo_proc *p, char *const argv[], int through, int *status, struct eo_proc_said *said,
                struct eo_err *err)
{
    struct step s = {.proc = p, .through = through, .tail.said = said};
    const char *message;

    said->first[0] = said->last[0] = '\0';
    take_signal(p);
    if (p->signal)
        return refuse_signal(p, err);
    if (run_step(&s, argv, err))
        return -1;
    if (p->signal)
        return refuse_signal(p, err);
    *status = WIFEXITED(s.raw_status) ? WEXITSTATUS(s.raw_status) : 128 + WTERMSIG(s.raw_status);
    message = strip_program(said->last, argv[0]);
    memmove(said->last, message, strlen(message) + 1);
    return 0;
}

int eo_proc_siblings(struct eo_buf *folder, const char *other, struct eo_err *err)
{
    struct eo_buf path = {0};
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    int rc;

    while (n > 0 && self[n - 1] != '/')
        n--;
    self[n > 0 ? n : 0] = '\0';
    eo_buf_printf(&path, "%s%s", self, other);
    rc = eo_buf_check(&path, err);
    if (rc == 0 && n > 0 && access(path.data, X_OK) == 0)
        eo_buf_puts(folder, self);
    eo_buf_puts(folder, "");
    eo_buf_release(&path);
    return rc ? rc : eo_buf_check(folder, err);
}

int eo_proc_scratch(struct eo_buf *path, const char *name, struct eo_err *err)
{
    const char *folder = getenv("TMPDIR");

    eo_buf_printf(path, "%s/%s.XXXXXX", folder && *folder ? folder : "/tmp", name);
    if (eo_buf_check(path, err))
        return -1;
    if (mkdtemp(path->data))
        return 0;
    eo_err_errno(err, "cannot create a folder");
    return eo_err_prefix(err, "%s", folder && *folder ? folder : "/tmp");
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *position)
{
    (void)st;
    (void)flag;
    (void)position;
    return remove(path);
}

int eo_proc_scratch_remove(const char *path, struct eo_err *err)
{
    /* What is left when memory was short for a moment goes in a second attempt. */
    for (int attempt = 0; attempt < 2; attempt++)
        if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0)
            return 0;
    eo_err_errno(err, "cannot remove");
    return eo_err_prefix(err, "%s", path);
}
