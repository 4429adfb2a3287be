#include "stage/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format/csv.h"
#include "stage/sweep.h"

extern char **environ;

static const char *const columns[] = {"pruning_level", "precision", "seed", "stage", "error"};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

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

/* Reads until the other end is closed. */
static void read_messages(int fd, int through, struct tail *t)
{
    char bytes[4096];

    for (;;) {
        ssize_t n = read(fd, bytes, sizeof(bytes));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        pass_on(through, bytes, (size_t)n);
        tail_add(t, bytes, (size_t)n);
    }
    tail_end_line(t);
}

/* Starts the program with its standard error in the pipe's writing end. */
static int start(char *const argv[], int writing_end, pid_t *pid, struct eo_err *err)
{
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);

    if (code == 0) {
        code = posix_spawn_file_actions_adddup2(&actions, writing_end, STDERR_FILENO);
        if (code == 0)
            code = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    if (code) {
        errno = code;
        eo_err_errno(err, "cannot run");
        return eo_err_prefix(err, "'%s'", argv[0]);
    }
    return 0;
}

static int wait_for(pid_t pid, int *status, struct eo_err *err)
{
    int raw;

    while (waitpid(pid, &raw, 0) < 0) {
        if (errno != EINTR)
            return eo_err_errno(err, "cannot wait for the program");
    }
    *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
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

int eo_attempt_run(char *const argv[], int through, int *status, char line[EO_ATTEMPT_LINE],
                   struct eo_err *err)
{
    struct tail t = {.used = 0};
    const char *message;
    pid_t pid;
    int fd[2], rc;

    if (pipe2(fd, O_CLOEXEC))
        return eo_err_errno(err, "cannot make a pipe");
    rc = start(argv, fd[1], &pid, err);
    close(fd[1]);
    if (rc == 0) {
        read_messages(fd[0], through, &t);
        rc = wait_for(pid, status, err);
    }
    close(fd[0]);
    message = strip_program(t.last, argv[0]);
    memmove(line, message, strlen(message) + 1);
    return rc;
}

void eo_attempt_put(const struct eo_attempt_key *key, const char *error, struct eo_buf *out)
{
    size_t i;

    for (i = 0; i < COLUMNS; i++)
        eo_csv_put_text(out, columns[i], i + 1 < COLUMNS ? ',' : '\n');
    if (!error)
        return;
    eo_sweep_put_level(out, key->pruning_level, ',');
    eo_csv_put_text(out, key->precision, ',');
    eo_sweep_put_seed(out, key->seed, ',');
    eo_csv_put_text(out, key->stage, ',');
    eo_csv_put_text(out, error, '\n');
}

static int check_columns(const struct eo_csv *csv, struct eo_err *err)
{
    size_t i;

    for (i = 0; i < COLUMNS; i++) {
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
