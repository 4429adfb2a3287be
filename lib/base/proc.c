#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* Without those that are ignored, as nohup does: a blocked signal would be queued although nobody wants it. */
static void make_set(sigset_t *set)
{
    size_t i;

    sigemptyset(set);
    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct sigaction action;

        if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(set, signals[i]);
    }
}

int eo_proc_begin(struct eo_proc *p, struct eo_err *err)
{
    sigset_t set;

    make_set(&set);
    p->signal = 0;
    p->environment = NULL;
    p->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (p->fd < 0)
        return eo_err_errno(err, "cannot wait for signals");
    pthread_sigmask(SIG_BLOCK, &set, &p->before);
    return 0;
}

/* Takes what has come. Returns the latest signal, or 0. */
static int take_signal(struct eo_proc *p)
{
    struct signalfd_siginfo info;
    int latest = 0;

    while (read(p->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        latest = (int)info.ssi_signo;
    if (latest && !p->signal)
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

static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, const struct eo_proc *p,
                  int messages)
{
    int code = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (!code)
        code = posix_spawn_file_actions_adddup2(actions, messages, STDERR_FILENO);
    if (!code)
        code = posix_spawnattr_setsigmask(attributes, &p->before);
    return code ? code : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
}

static int start(const struct eo_proc *p, char *const argv[], int messages, pid_t *pid, struct eo_err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);

    if (code)
        goto failed;
    code = posix_spawnattr_init(&attributes);
    if (!code) {
        code = set_up(&actions, &attributes, p, messages);
        if (!code)
            code = posix_spawnp(pid, argv[0], &actions, &attributes, argv,
                                p->environment ? p->environment : environ);
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

/* Reads what the program says until it closes its end, and passes signals on to it. */
static void attend(struct eo_proc *p, pid_t pid, int fd, struct eo_buf *messages)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = p->fd, .events = POLLIN}};
    char bytes[4096];

    for (;;) {
        int sig;
        ssize_t n;

        if (poll(fds, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            return;
        }
        sig = take_signal(p);
        if (sig)
            kill(pid, sig);
        if (!fds[0].revents)
            continue;
        n = read(fd, bytes, sizeof(bytes));
        if (n == 0 || (n < 0 && errno != EINTR))
            return;
        if (n > 0 && messages->len + (size_t)n <= EO_PROC_MESSAGES)
            eo_buf_append(messages, bytes, (size_t)n);
    }
}

static int refuse_signal(const struct eo_proc *p, struct eo_err *err)
{
    return eo_err_set(err, "interrupted by signal %d", p->signal);
}

int eo_proc_run(struct eo_proc *p, char *const argv[], struct eo_buf *messages, int *status,
                struct eo_err *err)
{
    int fd[2], raw, rc;
    pid_t pid;

    take_signal(p);
    if (p->signal)
        return refuse_signal(p, err);
    if (pipe2(fd, O_CLOEXEC))
        return eo_err_errno(err, "cannot make a pipe");
    rc = start(p, argv, fd[1], &pid, err);
    close(fd[1]);
    if (rc == 0) {
        attend(p, pid, fd[0], messages);
        while (waitpid(pid, &raw, 0) < 0 && rc == 0) {
            if (errno != EINTR)
                rc = eo_err_errno(err, "cannot wait for the program");
        }
    }
    close(fd[0]);
    if (rc)
        return -1;
    if (p->signal)
        return refuse_signal(p, err);
    *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
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
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0)
        return 0;
    eo_err_errno(err, "cannot remove");
    return eo_err_prefix(err, "%s", path);
}
