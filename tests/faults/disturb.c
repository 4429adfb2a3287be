/*
 * Runs one command again and again, disturbed at another point each time, and looks at what is left:
 *
 *     disturb [-v FILE]... [-i FILE] [-f FOLDER] [-x KIND]... [-s STEP] [-ntq] LIBRARY SCRATCH NAME COMMAND [ARG ...]
 *
 * The command runs in an empty folder below SCRATCH, or in a copy of FOLDER; what an undisturbed run adds are its
 * outputs. -v names one that need only have the same shape (a table with times in it), "-" standing for standard
 * output; -i its standard input; -x leaves out a kind of disturbance, which would hit the command's child as well; -s
 * takes every STEP-th point alone, where a run takes long; -t makes the folder TMPDIR; -n lets it say one line on
 * standard error although all went well. -q leaves out what is done by LIBRARY (inject.c) and by ptrace, which a
 * sanitizer does not survive.
 *
 * The points are, in this order, each time for N = 1, 2, ... until a run is not reached any more:
 *   - the N-th library call of a class (faults.h) fails with an error, is interrupted, or does half;
 *   - SIGKILL, SIGINT and SIGTERM at the N-th system call that changes a file, its name or its lock, on entry: between
 *     two of them there is nothing new on the disk. The calls of the command's children count, too;
 *   - a disk with N - 1 free pages (a tmpfs in a mount namespace), and a limit on the size of files (RLIMIT_FSIZE).
 * In odd runs the outputs exist and have an old content, in even runs they do not.
 *
 * Demanded, each time:
 *   - every output is what it was before, or the whole new one; a command with several outputs writes them one after
 *     another, so a failure may leave some new and others old;
 *   - nothing else is there, in particular no temporary. After SIGKILL `.NAME.tmp` may be, and the next run, which is
 *     not disturbed, clears it and writes the right bytes. A timing session that did not end with 0 may leave .session,
 *     with which the next one goes on. eo-explore keeps .explore, which may be in any state: the tables count;
 *   - exit status 1 with one line on standard error that begins with the program's name, or 0 with all outputs. After a
 *     read or write that was interrupted or did half it must be 0, after a failed write, fsync, close or rename 1. A
 *     signal ends the program and its children; it may say so. A line that the timing lock could not be had (which is
 *     in the folder above), or that a session's file cannot be written, does not count.
 *
 * Prints "points NAME KIND COUNT" and "ok NAME KIND", "skip NAME KIND: why" or "not ok NAME KIND N: what is wrong" for
 * each kind of disturbance. Exit 0, or 1 when the undisturbed run fails.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/faults.h"

#define OLD "old\n"
#define MAX_FILES 64
#define MAX_SHAPES 8
#define SECONDS "60" /* after which a run counts as hanging */
#define POINTS_MAX 20000
#define COMPLAINTS_MAX 3 /* for each kind */

enum mode { PLAIN, INJECT, TRACE, FULL, LIMIT };

struct kind {
    const char *name;
    enum mode mode;
    int class, code, sticky;              /* INJECT; with TRACE, code is the signal */
    enum { ANY, HARMLESS, FATAL } demand; /* whether the command must succeed or fail */
};

static const struct kind kinds[] = {
    {"alloc", INJECT, FAULT_ALLOC, ENOMEM, 0, 0},
    {"alloc-all", INJECT, FAULT_ALLOC, ENOMEM, 1, 0}, /* every fifth: what differs is the way out */
    {"open", INJECT, FAULT_OPEN, EIO, 0, 0},
    {"read", INJECT, FAULT_READ, EIO, 0, 0},
    {"read-eintr", INJECT, FAULT_READ, EINTR, 0, HARMLESS},
    {"read-short", INJECT, FAULT_READ, FAULT_SHORT, 0, HARMLESS},
    {"write", INJECT, FAULT_WRITE, EIO, 0, FATAL},
    {"write-full", INJECT, FAULT_WRITE, ENOSPC, 1, FATAL},
    {"write-eintr", INJECT, FAULT_WRITE, EINTR, 0, HARMLESS},
    {"write-short", INJECT, FAULT_WRITE, FAULT_SHORT, 0, HARMLESS},
    {"fsync", INJECT, FAULT_SYNC, EIO, 0, FATAL},
    {"close", INJECT, FAULT_CLOSE, EIO, 0, FATAL},
    {"rename", INJECT, FAULT_RENAME, ENOSPC, 0, FATAL},
    {"rest", INJECT, FAULT_REST, EIO, 0, 0},
    {"kill", TRACE, 0, SIGKILL, 0, 0},
    {"int", TRACE, 0, SIGINT, 0, 0},
    {"term", TRACE, 0, SIGTERM, 0, 0},
    {"full", FULL, 0, 0, 0, 0},
    {"limit", LIMIT, 0, 0, 0, 0},
};

struct file {
    char *path; /* below the folder */
    char *data;
    size_t size;
};

struct tree {
    struct file files[MAX_FILES];
    int count;
};

struct outcome {
    int status; /* of waitpid() */
    int fired;  /* the point was reached */
    int left;   /* children that outlived the program */
    struct file out, err;
};

static const char *library, *scratch, *name, *input = "/dev/null", *folder, *program;
static const char *shapes[MAX_SHAPES], *left_out[MAX_SHAPES];
static int shape_count, left_out_count, quick, is_tmpdir, may_say;
static long step = 1;
static char **command;
static char work[4096];   /* the folder that the command runs in */
static struct tree given; /* what is in the folder beforehand, and must stay as it is */
static struct tree wanted;
static struct file wanted_out;
static struct fault_report *report;
static int report_fd, out_fd;
static int err_pipe[2]; /* not a file: a limit on the size of files must not cut the message */

static void die(const char *what)
{
    fprintf(stderr, "disturb: %s: %s: %s\n", name ? name : "", what, strerror(errno));
    exit(1);
}

/* ---- Folders. ---------------------------------------------------------------------------------------------------- */

static void read_fd(int fd, struct file *f)
{
    struct stat st;

    if (fstat(fd, &st))
        die("fstat");
    f->size = (size_t)st.st_size;
    f->data = malloc(f->size + 1);
    if (!f->data || pread(fd, f->data, f->size, 0) != (ssize_t)f->size)
        die("read");
    f->data[f->size] = '\0';
}

static void join(char path[4096], const char *dir, const char *base)
{
    if (snprintf(path, 4096, "%s%s%s", dir, *dir ? "/" : "", base) >= 4096)
        die("path");
}

/* All files below root/below, sorted by nothing: they are looked up by path. */
static void tree_read(struct tree *t, const char *root, const char *below)
{
    char dir[4096], path[4096], full[4096];
    struct dirent *e;
    struct stat st;
    DIR *d;

    join(dir, root, below);
    d = opendir(dir);
    if (!d)
        die(dir);
    while ((e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || strcmp(e->d_name, ".explore") == 0)
            continue;
        join(path, below, e->d_name);
        join(full, root, path);
        if (lstat(full, &st))
            die(full);
        if (S_ISDIR(st.st_mode)) {
            tree_read(t, root, path);
            continue;
        }
        if (S_ISLNK(st.st_mode) && stat(full, &st) == 0 && S_ISDIR(st.st_mode))
            continue; /* a link to a folder is no output */
        if (t->count == MAX_FILES)
            die("too many files");
        t->files[t->count].path = strdup(path);
        int fd = open(full, O_RDONLY);
        if (fd < 0)
            die(full);
        read_fd(fd, &t->files[t->count++]);
        close(fd);
    }
    closedir(d);
}

static void tree_release(struct tree *t)
{
    for (int i = 0; i < t->count; i++) {
        free(t->files[i].path);
        free(t->files[i].data);
    }
    t->count = 0;
}

static const struct file *tree_find(const struct tree *t, const char *path)
{
    for (int i = 0; i < t->count; i++) {
        if (strcmp(t->files[i].path, path) == 0)
            return &t->files[i];
    }
    return NULL;
}

static void remove_below(const char *dir)
{
    char path[4096];
    struct dirent *e;
    DIR *d = opendir(dir);

    if (!d)
        die(dir);
    while ((e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        join(path, dir, e->d_name);
        if (unlink(path) == 0 || errno == ENOENT)
            continue;
        remove_below(path);
        if (rmdir(path))
            die(path);
    }
    closedir(d);
}

static void put_file(const char *path, const char *data, size_t size)
{
    char full[4096];
    char *p;
    int fd;

    join(full, work, path);
    for (p = full + strlen(work) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = '\0';
        mkdir(full, 0777);
    }
    fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd))
        die(full);
}

static void prepare(int with_old)
{
    remove_below(work);
    for (int i = 0; i < given.count; i++)
        put_file(given.files[i].path, given.files[i].data, given.files[i].size);
    for (int i = 0; with_old && i < wanted.count; i++)
        put_file(wanted.files[i].path, OLD, strlen(OLD));
}

/* ---- Running. ---------------------------------------------------------------------------------------------------- */

static void install_filter(void)
{
    static const int traced[] = {
        __NR_write,    __NR_writev,    __NR_pwrite64, __NR_ftruncate, __NR_fallocate,
        __NR_fsync,    __NR_fdatasync, __NR_close,    __NR_renameat2, __NR_unlinkat,
        __NR_mkdirat,  __NR_flock,     __NR_linkat,
#ifdef __NR_rename
        __NR_rename,   __NR_unlink,    __NR_mkdir,
#endif
#ifdef __NR_renameat
        __NR_renameat,
#endif
    };
    enum { COUNT = sizeof(traced) / sizeof(*traced) };
    struct sock_filter code[2 * COUNT + 8];
    struct sock_fprog filter = {0, code};
    unsigned short n = 0;

#define PUT(...) code[n++] = (struct sock_filter)__VA_ARGS__
    PUT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
    for (int i = 0; i < COUNT; i++) {
        PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)traced[i], 0, 1));
        PUT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
    }
    /* An open that only reads changes nothing. */
    PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 3));
    PUT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])));
    PUT(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 0, 1));
    PUT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
    PUT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
#undef PUT
    filter.len = n;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
        die("seccomp");
}

static void become_command(const struct kind *k, long n)
{
    struct rlimit limit = {(rlim_t)n, (rlim_t)n}, none = {0, 0};
    char text[4096];
    int in = open(input, O_RDONLY);

    setpgid(0, 0);
    setrlimit(RLIMIT_CORE, &none);
    if (in < 0 || chdir(work) || dup2(in, 0) < 0 || dup2(out_fd, 1) < 0 || dup2(err_pipe[1], 2) < 0)
        die("chdir");
    close(in);
    if (is_tmpdir)
        setenv("TMPDIR", work, 1);
    /* Beside the folder: the lock is no output, and is not to be filled as one. */
    join(text, work, "..");
    setenv("EO_LOCK_DIR", text, 1);
    alarm(atoi(SECONDS));
    if (k && k->mode == LIMIT)
        setrlimit(RLIMIT_FSIZE, &limit);
    if (k && k->mode == INJECT) {
        snprintf(text, sizeof(text), "%s %d %d %d %ld %d", program, k->class, k->code, k->sticky, n,
                 report_fd);
        setenv(FAULT_VARIABLE, text, 1);
        setenv("LD_PRELOAD", library, 1);
    }
    if (k && k->mode == TRACE) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0))
            die("ptrace");
        raise(SIGSTOP);
        install_filter();
    }
    execvp(command[0], command);
    die(command[0]);
}

/* Follows the command and its children until all have ended; sends the signal at the n-th traced system call. */
static void trace(pid_t pid, int signal, long n, struct outcome *o)
{
    const long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                         PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    long seen = 0;
    int ended = 0, st;
    pid_t who;

    if (waitpid(pid, &st, 0) != pid || !WIFSTOPPED(st) || ptrace(PTRACE_SETOPTIONS, pid, 0, options) ||
        ptrace(PTRACE_CONT, pid, 0, 0))
        die("ptrace");
    while ((who = waitpid(-1, &st, __WALL)) > 0) {
        int event = st >> 16, deliver = 0;

        if (!WIFSTOPPED(st)) {
            if (who == pid) {
                o->status = st;
                ended = 1;
            }
            continue;
        }
        if (ended) { /* somebody who outlived the command */
            o->left += event == 0 && WSTOPSIG(st) == SIGSTOP ? 0 : 1;
            kill(who, SIGKILL);
        } else if (event == PTRACE_EVENT_SECCOMP && ++seen == n) {
            o->fired = 1;
            kill(signal == SIGKILL ? -pid : pid, signal);
        } else if (event == 0 && WSTOPSIG(st) != SIGSTOP) {
            deliver = WSTOPSIG(st);
        }
        ptrace(PTRACE_CONT, who, 0, deliver);
    }
}

/* What is in the pipe; more than it holds would have stopped the run. */
static void read_messages(struct file *f)
{
    ssize_t n;

    f->data = calloc(1, 65537);
    n = f->data ? read(err_pipe[0], f->data, 65536) : 0;
    f->size = n > 0 ? (size_t)n : 0;
}

static void run(const struct kind *k, long n, struct outcome *o)
{
    pid_t pid;

    memset(o, 0, sizeof(*o));
    report->fired = 0;
    if (ftruncate(out_fd, 0) || lseek(out_fd, 0, SEEK_SET))
        die("truncate");
    fflush(stdout);
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0)
        become_command(k, n);
    if (k && k->mode == TRACE) {
        trace(pid, k->code, n, o);
    } else {
        if (waitpid(pid, &o->status, 0) != pid)
            die("wait");
        o->fired = report->fired;
    }
    read_fd(out_fd, &o->out);
    read_messages(&o->err);
}

static void outcome_release(struct outcome *o)
{
    free(o->out.data);
    free(o->err.data);
}

/* ---- Looking at what is left. A check returns NULL or what is wrong. --------------------------------------------- */

static const char *complaint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *complaint(const char *fmt, ...)
{
    static char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return text;
}

/* Rows and fields of a table. */
static void count_fields(const struct file *f, size_t *rows, size_t *fields)
{
    *rows = *fields = 0;
    for (size_t i = 0; i < f->size; i++) {
        *rows += f->data[i] == '\n';
        *fields += f->data[i] == ',';
    }
}

static int is_among(const char *text, const char *const *list, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(list[i], text) == 0)
            return 1;
    }
    return 0;
}

static int is_new(const char *path, const struct file *want, const struct file *found)
{
    size_t rows[2], fields[2];

    if (!is_among(path, shapes, shape_count))
        return want->size == found->size && memcmp(want->data, found->data, want->size) == 0;
    count_fields(want, &rows[0], &fields[0]);
    count_fields(found, &rows[1], &fields[1]);
    return rows[0] == rows[1] && fields[0] == fields[1] && found->size > 0 &&
           found->data[found->size - 1] == '\n';
}

/* Whether `path` is ".NAME.tmp" of an output. */
static int is_temporary(const char *path)
{
    char text[4096];

    for (int i = 0; i < wanted.count; i++) {
        const char *p = wanted.files[i].path, *slash = strrchr(p, '/');
        int n = slash ? (int)(slash - p) + 1 : 0;

        snprintf(text, sizeof(text), "%.*s.%s.tmp", n, p, p + n);
        if (strcmp(text, path) == 0)
            return 1;
    }
    return 0;
}

static const char *check_files(int with_old, int all_new, int temporary_allowed)
{
    struct tree found = {.count = 0};
    const char *wrong = NULL;

    tree_read(&found, work, "");
    for (int i = 0; !wrong && i < found.count; i++) {
        const struct file *g = tree_find(&given, found.files[i].path);

        if (g && g->size == found.files[i].size && memcmp(g->data, found.files[i].data, g->size) == 0)
            continue;
        if (!tree_find(&wanted, found.files[i].path) &&
            !(temporary_allowed && is_temporary(found.files[i].path)) &&
            !(!all_new && strcmp(found.files[i].path, ".session") == 0))
            wrong = complaint("leaves '%s' (%zu bytes)", found.files[i].path, found.files[i].size);
    }
    for (int i = 0; !wrong && i < wanted.count; i++) {
        const char *path = wanted.files[i].path;
        const struct file *f = tree_find(&found, path);

        if (f ? is_new(path, &wanted.files[i], f) : 0)
            continue;
        if (all_new)
            wrong = complaint("exit status 0, but '%s' is %s", path, f ? "not the right one" : "missing");
        else if (!f && with_old)
            wrong = complaint("'%s' is gone", path);
        else if (f && !(with_old && f->size == strlen(OLD) && memcmp(f->data, OLD, f->size) == 0))
            wrong = complaint("'%s' is neither old nor new (%zu bytes)", path, f->size);
    }
    tree_release(&found);
    return wrong;
}

static const char *check_message(const struct file *err)
{
    size_t n = strlen(program);
    const char *end = strchr(err->data, '\n');

    if (!end || end != err->data + err->size - 1)
        return complaint("expected one line on standard error, found '%.300s'", err->data);
    if (strncmp(err->data, program, n) != 0 || strncmp(err->data + n, ": ", 2) != 0)
        return complaint("expected a message of '%s', found '%.300s'", program, err->data);
    return NULL;
}

static const char *check_stdout(const struct outcome *o, int whole)
{
    if (whole ? !is_new("-", &wanted_out, &o->out)
              : !is_among("-", shapes, shape_count) &&
                    (o->out.size > wanted_out.size || memcmp(o->out.data, wanted_out.data, o->out.size) != 0))
        return complaint("standard output is %s: %zu bytes", whole ? "not whole" : "something else",
                         o->out.size);
    return NULL;
}

static const char *check_success(const struct outcome *o, int with_old)
{
    const char *wrong;

    if (WIFSIGNALED(o->status))
        return complaint("died of signal %d: %.300s", WTERMSIG(o->status), o->err.data);
    if (WEXITSTATUS(o->status) != 0)
        return complaint("exit status %d instead of 0: %.300s", WEXITSTATUS(o->status), o->err.data);
    wrong = check_stdout(o, 1);
    if (!wrong && may_say && o->err.size)
        wrong = check_message(&o->err);
    else if (!wrong && o->err.size)
        wrong = complaint("exit status 0 with '%.300s'", o->err.data);
    return wrong ? wrong : check_files(with_old, 1, 0);
}

/* After SIGKILL: whatever is there, a run without disturbance puts it right. */
static const char *check_recovery(void)
{
    struct outcome o;
    const char *wrong;
    char path[4096], text[512];

    /* What is left of a larger file may be longer than the new one. */
    for (int i = 0; i < wanted.count; i++) {
        const char *p = wanted.files[i].path, *slash = strrchr(p, '/');
        int n = slash ? (int)(slash - p) + 1 : 0;
        char *stale = calloc(1, wanted.files[i].size + 99);

        snprintf(path, sizeof(path), "%.*s.%s.tmp", n, p, p + n);
        put_file(path, stale, wanted.files[i].size + 99);
        free(stale);
    }
    run(NULL, 0, &o);
    wrong = check_success(&o, 0);
    outcome_release(&o);
    if (!wrong)
        return NULL;
    snprintf(text, sizeof(text), "%s", wrong);
    return complaint("the next run: %.300s", text);
}

/* Lines that say what the command does without, going on: the timing lock, which is a file like others, or .session. */
static void leave_out_notes(struct file *err)
{
    static const char lock[] = ": not locked: ",
                      session[] = "; if interrupted, this run cannot go on later";
    char *line = err->data, *end;

    while ((end = strchr(line, '\n')) != NULL) {
        size_t prefix = strlen(program), length = (size_t)(end + 1 - line);

        if (strncmp(line, program, prefix) == 0 &&
            (strncmp(line + prefix, lock, sizeof(lock) - 1) == 0 ||
             (length > sizeof(session) &&
              strncmp(end - (sizeof(session) - 1), session, sizeof(session) - 1) == 0))) {
            memmove(line, end + 1, strlen(end + 1) + 1);
            err->size -= length;
        } else {
            line = end + 1;
        }
    }
}

static const char *check(const struct kind *k, struct outcome *o, int with_old)
{
    int killed = k->mode == TRACE && k->code == SIGKILL;
    const char *wrong;

    if (o->fired)
        leave_out_notes(&o->err);
    if (k->demand == HARMLESS || !o->fired)
        return check_success(o, with_old);
    if (o->left)
        return complaint("leaves %d children running", o->left);
    if (k->mode == TRACE &&
        (WIFSIGNALED(o->status) ? WTERMSIG(o->status) == k->code : WEXITSTATUS(o->status) == 128 + k->code)) {
        wrong = o->err.size && WIFSIGNALED(o->status) ? check_message(&o->err) : NULL;
        if (!wrong)
            wrong = check_files(with_old, 0, killed);
        return !wrong && killed ? check_recovery() : wrong;
    }
    if (WIFSIGNALED(o->status))
        return complaint("died of signal %d: %.300s", WTERMSIG(o->status), o->err.data);
    if (WEXITSTATUS(o->status) == 0)
        return k->demand == FATAL ? complaint("exit status 0, as if nothing had happened")
                                  : check_success(o, with_old);
    if (WEXITSTATUS(o->status) != 1 || k->mode == TRACE)
        return complaint("exit status %d: %.300s", WEXITSTATUS(o->status), o->err.data);
    wrong = check_message(&o->err);
    if (!wrong)
        wrong = check_stdout(o, 0);
    return wrong ? wrong : check_files(with_old, 0, 0);
}

/* ---- The points. ------------------------------------------------------------------------------------------------- */

static void free_disk(void)
{
    char path[4096];

    join(path, work, "../filler");
    unlink(path);
}

/* For a full disk: all but n pages of the folder's file system are taken. */
static void leave_free(long n)
{
    char path[4096];
    struct statvfs fs;
    int fd = -1;

    join(path, work, "../filler");
    if (statvfs(work, &fs) || (fd = open(path, O_WRONLY | O_CREAT, 0600)) < 0)
        die("statvfs");
    if ((long)fs.f_bavail > n && posix_fallocate(fd, 0, (off_t)((fs.f_bavail - (size_t)n) * fs.f_bsize)))
        die("cannot fill the disk");
    close(fd);
}

/* Sizes for RLIMIT_FSIZE: nothing, one byte, then steps of a quarter. */
static long limit_of(long point)
{
    long n = point < 3 ? point - 1 : 1;

    for (; point > 3; point--)
        n += n / 4 + 1;
    return n;
}

static void run_kind(const struct kind *k)
{
    long by = k->sticky && k->class == FAULT_ALLOC ? 5 * step : step, points = 0;
    int complaints = 0;

    for (long n = 1; n <= POINTS_MAX && complaints < COMPLAINTS_MAX; n += by) {
        int with_old = points % 2 == 0, fired;
        struct outcome o;
        const char *wrong;

        if (k->mode == FULL)
            free_disk();
        prepare(with_old);
        if (k->mode == FULL)
            leave_free(n - 1);
        run(k, k->mode == LIMIT ? limit_of(n) : n, &o);
        if (k->mode == FULL || k->mode == LIMIT)
            o.fired = !WIFEXITED(o.status) || WEXITSTATUS(o.status) != 0;
        wrong = check(k, &o, with_old);
        if (wrong) {
            printf("not ok %s %s %ld: %s%s", name, k->name, n, wrong, strchr(wrong, '\n') ? "" : "\n");
            complaints++;
        }
        fired = o.fired;
        outcome_release(&o);
        if (!fired)
            break;
        points++;
    }
    printf("points %s %s %ld\n", program, k->name, points);
    if (!complaints)
        printf("ok %s %s\n", name, k->name);
}

/* Mounts a tmpfs over SCRATCH/disk, for this process alone. 0, or -1 where that is not allowed. */
static int mount_disk(void)
{
    char path[4096], map[64];
    int fd, n;

    snprintf(path, sizeof(path), "%s/disk", scratch);
    mkdir(path, 0777);
    n = snprintf(map, sizeof(map), "0 %d 1", (int)getuid());
    if (unshare(CLONE_NEWNS)) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
            return -1;
        fd = open("/proc/self/uid_map", O_WRONLY);
        if (fd < 0 || write(fd, map, (size_t)n) != n)
            return -1;
        close(fd);
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("none", path, "tmpfs", 0, "size=4m"))
        return -1;
    snprintf(work, sizeof(work), "%s/disk/work", scratch);
    if (mkdir(work, 0777))
        die(work);
    return 0;
}

static void run_full(const struct kind *k)
{
    pid_t pid;
    int st;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        if (mount_disk())
            printf("skip %s %s: cannot mount a file system here\n", name, k->name);
        else
            run_kind(k);
        fflush(stdout);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &st, 0) != pid || st)
        printf("not ok %s %s 0: the driver failed\n", name, k->name);
}

/* Whether this process may trace its children and filter their system calls. */
static int may_trace(void)
{
    pid_t pid;
    int st;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0))
            _exit(1);
        raise(SIGSTOP);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &st, 0) != pid || !WIFSTOPPED(st))
        return 0;
    ptrace(PTRACE_CONT, pid, 0, 0);
    waitpid(pid, &st, 0);
    return st == 0;
}

static void parse(int argc, char **argv)
{
    int c;

    while ((c = getopt(argc, argv, "+v:i:f:x:s:ntq")) != -1) {
        if (c == 'v' && shape_count < MAX_SHAPES)
            shapes[shape_count++] = optarg;
        else if (c == 'x' && left_out_count < MAX_SHAPES)
            left_out[left_out_count++] = optarg;
        else if (c == 'i')
            input = optarg;
        else if (c == 'f')
            folder = optarg;
        else if (c == 's')
            step = atol(optarg);
        else if (c == 't')
            is_tmpdir = 1;
        else if (c == 'n')
            may_say = 1;
        else if (c == 'q')
            quick = 1;
        else
            exit(2);
    }
    if (argc - optind < 4) {
        fprintf(stderr, "usage: disturb [-v FILE]... [-i FILE] [-f FOLDER] [-x KIND]... [-s STEP] [-ntq] "
                        "LIBRARY SCRATCH NAME COMMAND [ARG ...]\n");
        exit(2);
    }
    library = argv[optind];
    scratch = argv[optind + 1];
    name = argv[optind + 2];
    command = argv + optind + 3;
    program = strrchr(command[0], '/') ? strrchr(command[0], '/') + 1 : command[0];
    snprintf(work, sizeof(work), "%s/work", scratch);
}

int main(int argc, char **argv)
{
    struct outcome o;
    const char *wrong;
    int traces;

    parse(argc, argv);
    mkdir(work, 0777);
    out_fd = memfd_create("out", MFD_CLOEXEC);
    report_fd = memfd_create("report", 0);
    if (out_fd < 0 || report_fd < 0 || ftruncate(report_fd, sizeof(*report)) ||
        pipe2(err_pipe, O_CLOEXEC | O_NONBLOCK))
        die("memfd_create");
    report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED, report_fd, 0);
    if (report == MAP_FAILED)
        die("mmap");

    if (folder)
        tree_read(&given, folder, "");
    prepare(0);
    run(NULL, 0, &o);
    tree_read(&wanted, work, "");
    for (int i = wanted.count; i-- > 0;) {
        if (tree_find(&given, wanted.files[i].path))
            wanted.files[i] = wanted.files[--wanted.count];
    }
    wanted_out = o.out;
    wrong = check_success(&o, 0);
    if (wrong) {
        printf("not ok %s undisturbed 0: %s\n", name, wrong);
        return 1;
    }
    traces = may_trace();
    for (int i = 0; i < (int)(sizeof(kinds) / sizeof(*kinds)); i++) {
        const struct kind *k = &kinds[i];

        if (is_among(k->name, left_out, left_out_count))
            continue;
        if (quick && (k->mode == INJECT || k->mode == TRACE))
            printf("skip %s %s: not with a sanitizer\n", name, k->name);
        else if (k->mode == TRACE && !traces)
            printf("skip %s %s: ptrace is forbidden here\n", name, k->name);
        else if (k->mode == FULL)
            run_full(k);
        else
            run_kind(k);
    }
    return 0;
}
