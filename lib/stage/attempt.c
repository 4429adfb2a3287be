#include "stage/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format/csv.h"
#include "stage/candidate.h"

extern char **environ;

static const char *const columns[] = {"pruning_level", "precision", "seed", "stage", "error", "pruning_criterion"};
#define DEPTH_MAX 16 /* generations of processes that a signal is passed on to */
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define NEEDED 5 /* older files have no criterion */

/* The line that is being read, and the last whole one that was not empty. */
struct tail {
    char current[EO_ATTEMPT_LINE], last[EO_ATTEMPT_LINE];
    size_t used;
};

static void tail_end_line(struct tail *t)
{
    t->current[t->used] = '\0';
    if (t->used > 0)
        memcpy(t->last, t->current, t->used + 1);
    t->used = 0;
}

static void tail_add(struct tail *t, const char *bytes, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (bytes[i] == '\n' || bytes[i] == '\r')
            tail_end_line(t);
        else if (bytes[i] != '\0' && t->used < EO_ATTEMPT_LINE - 1)
            t->current[t->used++] = bytes[i];
    }
}

/* Passes bytes on as well as it goes: a closed standard error must not fail the step. */
static void pass_on(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno != EINTR)
            return;
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        }
    }
}

/*
 * A running step. SIGINT, SIGTERM, SIGHUP and SIGQUIT that come for this process are passed on to the step, which may
 * be a shell with programs of its own; nothing of it is left running afterwards.
 */
struct step {
    pid_t pid;
    int messages; /* reading end of its standard error; -1 at the end */
    int signals;  /* descriptor that tells of signals, SIGCHLD among them */
    sigset_t before;
    int ended, raw_status, interrupted; /* by this signal, 0 for none */
    struct tail tail;
};

/* Signals become readable instead of ending this process; those that it was told to ignore stay ignored. */
static int catch_signals(struct step *s, struct eo_err *err)
{
    static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction now;
    sigset_t caught;
    size_t i;

    sigemptyset(&caught);
    sigaddset(&caught, SIGCHLD);
    for (i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
        if (sigaction(passed_on[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&caught, passed_on[i]);
    }
    s->signals = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->signals < 0)
        return eo_err_errno(err, "cannot watch signals");
    pthread_sigmask(SIG_BLOCK, &caught, &s->before);
    return 0;
}

static void stop_catching(struct step *s)
{
    close(s->signals);
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}

/* Starts the program with its standard error in the pipe's writing end and the signal mask of before. */
static int start(char *const argv[], int writing_end, struct step *s, struct eo_err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);

    if (code == 0) {
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        posix_spawnattr_setsigmask(&attributes, &s->before);
        code = posix_spawn_file_actions_adddup2(&actions, writing_end, STDERR_FILENO);
        if (code == 0)
            code = posix_spawnp(&s->pid, argv[0], &actions, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
    }
    if (code) {
        errno = code;
        eo_err_errno(err, "cannot run");
        return eo_err_prefix(err, "'%s'", argv[0]);
    }
    return 0;
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

/* Without /proc only the first child is known. */
static void signal_children(const struct step *s, int signal)
{
    if (access("/proc/self/task", F_OK) == 0)
        signal_below(getpid(), signal, 0);
    else if (!s->ended)
        kill(s->pid, signal);
}

/* Waits for whoever has ended. An interrupted shell's children become ours, and are ended, too. */
static void reap(struct step *s)
{
    pid_t pid;
    int raw;

    while ((pid = waitpid(-1, &raw, WNOHANG)) > 0) {
        if (pid == s->pid) {
            s->ended = 1;
            s->raw_status = raw;
        }
        if (s->interrupted)
            signal_children(s, s->interrupted);
    }
}

static void read_signals(struct step *s)
{
    struct signalfd_siginfo info;

    while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo != SIGCHLD) {
            s->interrupted = (int)info.ssi_signo;
            prctl(PR_SET_CHILD_SUBREAPER, 1);
            signal_children(s, s->interrupted);
        }
    }
    reap(s);
}

static void read_messages(struct step *s, int through)
{
    char bytes[4096];
    ssize_t n = read(s->messages, bytes, sizeof(bytes));

    if (n > 0) {
        pass_on(through, bytes, (size_t)n);
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

/* Until the step has ended and nobody holds its standard error; when interrupted, until no child is left. */
static int follow(struct step *s, int through, struct eo_err *err)
{
    while (!s->ended || s->messages >= 0 || (s->interrupted && has_children())) {
        struct pollfd on[] = {{.fd = s->signals, .events = POLLIN}, {.fd = s->messages, .events = POLLIN}};

        if (poll(on, 2, -1) < 0 && errno != EINTR)
            return eo_err_errno(err, "cannot wait for the program");
        if (on[1].revents)
            read_messages(s, through);
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

static int exit_status(const struct step *s)
{
    if (s->interrupted)
        return 128 + s->interrupted;
    return WIFEXITED(s->raw_status) ? WEXITSTATUS(s->raw_status) : 128 + WTERMSIG(s->raw_status);
}

int eo_attempt_run(char *const argv[], int through, int *status, char line[EO_ATTEMPT_LINE],
                   struct eo_err *err)
{
    struct step s = {.signals = -1};
    const char *message;
    int fd[2], rc;

    if (pipe2(fd, O_CLOEXEC))
        return eo_err_errno(err, "cannot make a pipe");
    s.messages = fd[0];
    rc = catch_signals(&s, err);
    if (rc == 0) {
        rc = start(argv, fd[1], &s, err);
        close(fd[1]);
        fd[1] = -1;
        if (rc == 0)
            rc = follow(&s, through, err);
        stop_catching(&s);
    }
    if (fd[1] >= 0)
        close(fd[1]);
    if (s.messages >= 0)
        close(s.messages);
    if (rc)
        return rc;
    *status = exit_status(&s);
    message = strip_program(s.tail.last, argv[0]);
    memmove(line, message, strlen(message) + 1);
    return 0;
}

void eo_attempt_put(const struct eo_attempt_key *key, const char *error, struct eo_buf *out)
{
    size_t i;

    for (i = 0; i < COLUMNS; i++)
        eo_csv_put_text(out, columns[i], i + 1 < COLUMNS ? ',' : '\n');
    if (!error)
        return;
    eo_candidate_put_level(key->level, out, ',');
    eo_csv_put_text(out, key->precision, ',');
    eo_candidate_put_seed(key->seed, out, ',');
    eo_csv_put_text(out, key->stage, ',');
    eo_csv_put_text(out, error, ',');
    eo_csv_put_text(out, eo_criterion_name(key->criterion), '\n');
}

static int check_columns(const struct eo_csv *csv, struct eo_err *err)
{
    size_t i;

    for (i = 0; i < NEEDED; i++) {
        if (eo_csv_column(csv, columns[i]) < 0)
            return eo_err_set(err, "expected a column '%s', found none", columns[i]);
    }
    return csv->rows > 1 ? eo_err_set(err, "expected at most 1 row, found %zu", csv->rows) : 0;
}

int eo_attempt_earlier(const char *path, const struct eo_attempt_key *key, int *failed, struct eo_buf *out,
                       struct eo_err *err)
{
    struct eo_csv csv;
    int rc;

    if (eo_csv_load(&csv, path, err))
        return -1;
    rc = check_columns(&csv, err);
    *failed = rc == 0 && csv.rows == 1;
    if (*failed) {
        struct eo_attempt_key then = *key;

        then.stage = eo_csv_cell(&csv, 0, eo_csv_column(&csv, "stage"));
        eo_attempt_put(&then, eo_csv_cell(&csv, 0, eo_csv_column(&csv, "error")), out);
    }
    eo_csv_release(&csv);
    return rc;
}
