/* eo-progress: passes on what a run prints, and shows below it how far the run is and how long the rest will take. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "stage/pipeline/progress.h"
#include "tools/cli.h"

#define PERIOD 0.25 /* seconds between two looks at what has changed */
#define FIRST 0.5   /* shows nothing of a run that ends sooner */

static const char *folder, *work, *config;

static const struct cli_option options[] = {
    {0, "folder", CLI_TEXT, &folder, 0, 0, "DIR", "the experiment's folder, as Make names it (required)"},
    {0, "work", CLI_TEXT, &work, 0, 0, "DIR",
     "where Make leaves the plan, and programs how far they are (required)"},
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE", "the experiment (required)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-progress",
    .synopsis = "--folder DIR --work DIR -c FILE",
    .purpose = "Passes standard input on to standard output, and shows below it which stage runs, how many "
               "steps and\n"
               "candidates are done, and how long the rest will take. `make all` does this on a terminal.",
    .options = options,
    .footer = "Times of steps are kept in DIR/config/times, for the next run.\n",
};

#define EARLY_MAX 64 /* steps that begin before there is a plan */

static struct {
    struct eo_config cfg;
    struct eo_progress plan;
    char *plan_text, *log_text;
    char stage[16]; /* of the step that began last, in capitals */
    char tool[256]; /* what a program says of its training */
    double share;   /* of that training; -1: nothing is said */
    char early[EARLY_MAX][256];
    double early_at[EARLY_MAX];
    int early_count;
    int lines;       /* that are shown */
    int write_error; /* the first one of standard output, as errno; 0: none */
} run;

static double seconds_of(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- what the run has done */

/* NULL where there is no such file. */
static char *load(const char *dir, const char *name)
{
    char path[4096], *text = NULL;
    struct eo_err err;
    size_t size;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    /* A pipe would be waited for. */
    return eo_io_check_regular(path, &err) || eo_io_read(path, EO_IO_MAX, &text, &size, &err) ? NULL : text;
}

static void load_plan(void)
{
    struct eo_progress_step *step;
    struct eo_err err;

    if (run.plan_text)
        return;
    run.plan_text = load(work, "plan");
    if (!run.plan_text || eo_progress_plan(&run.plan, run.plan_text, &run.cfg, &err))
        return;
    run.log_text = load(folder, "config/times");
    if (run.log_text)
        eo_progress_read_log(&run.plan, run.log_text);
    for (int i = 0; i < run.early_count; i++) {
        step = eo_progress_find(&run.plan, run.early[i]);
        if (step)
            step->began = run.early_at[i];
    }
}

/* A line like "  TRAIN    out/x/models/base.safetensors" says that a step begins. */
static void see_line(const char *line)
{
    struct eo_progress_step *step;
    char word[16], path[512];
    size_t n = strlen(folder);

    if (sscanf(line, "  %15[A-Z] %511s", word, path) != 2 || strncmp(path, folder, n) != 0 || path[n] != '/')
        return;
    memcpy(run.stage, word, sizeof(word));
    step = eo_progress_find(&run.plan, path + n + 1);
    if (step) {
        step->began = seconds_of(CLOCK_MONOTONIC);
    } else if (!run.plan.count && run.early_count < EARLY_MAX &&
               strlen(path + n + 1) < sizeof(run.early[0])) {
        strcpy(run.early[run.early_count], path + n + 1);
        run.early_at[run.early_count++] = seconds_of(CLOCK_MONOTONIC);
    }
}

/* A step has ended when its record was written after it began. */
static void see_record(struct eo_progress_step *s, double ahead)
{
    char path[4096];
    struct stat st;
    double at;

    snprintf(path, sizeof(path), "%s/config/steps/%s", folder, s->id);
    for (char *c = path + strlen(folder) + strlen("/config/steps/"); *c; c++)
        *c = *c == '/' ? '+' : *c;
    if (stat(path, &st))
        return;
    at = (double)st.st_mtim.tv_sec + 1e-9 * (double)st.st_mtim.tv_nsec - ahead;
    if (at >= s->began - 0.01)
        s->took = at > s->began ? at - s->began : 0;
}

static void see_records(void)
{
    double ahead = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_MONOTONIC);

    for (size_t i = 0; i < run.plan.count; i++) {
        struct eo_progress_step *s = &run.plan.steps[i];

        if (s->began >= 0 && s->took < 0)
            see_record(s, ahead);
    }
}

/* Programs that train write "DONE TOTAL TEXT" into a file there (tools/cli.c). */
static void see_tools(void)
{
    DIR *dir = opendir(work);
    double sum = 0;
    int n = 0;

    run.tool[0] = '\0';
    for (struct dirent *e; dir && (e = readdir(dir));) {
        double done, total;
        char *text;
        int at = 0;

        if (strncmp(e->d_name, "tool.", 5) != 0 || !(text = load(work, e->d_name)))
            continue;
        if (sscanf(text, "%lf %lf %n", &done, &total, &at) == 2 && at && total > 0) {
            sum += done / total;
            n++;
            snprintf(run.tool, sizeof(run.tool), "%.*s", (int)strcspn(text + at, "\n"), text + at);
        }
        free(text);
    }
    if (dir)
        closedir(dir);
    run.share = n ? sum / n : -1;
}

static void save_log(void)
{
    struct eo_buf path = {0}, text = {0};
    struct eo_err err;

    eo_buf_printf(&path, "%s/config/times", folder);
    eo_progress_put_log(&run.plan, &text);
    /* The log only makes the next estimate better, so a run does not fail because of it. */
    if (text.len && eo_buf_check(&path, &err) == 0 && eo_buf_check(&text, &err) == 0 &&
        eo_io_write(path.data, text.data, text.len, &err))
        cli_warn(&program, path.data, "%s", err.msg);
    eo_buf_release(&path);
    eo_buf_release(&text);
}

/* ---- the terminal */

/* After a failure the input is still read to its end, because the run must not wait for a reader that is gone. */
static void flush(void)
{
    if ((fflush(stdout) || ferror(stdout)) && !run.write_error)
        run.write_error = errno ? errno : EIO;
}

static void clear(void)
{
    for (; run.lines > 0; run.lines--)
        fputs(run.lines > 1 ? "\r\033[K\033[A" : "\r\033[K", stdout);
}

static void put_line(const char *text)
{
    struct winsize size;
    int width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col - 1 : 79;

    printf("%s%.*s", run.lines++ ? "\n" : "", width, text);
}

static void draw(void)
{
    struct eo_progress_counts n = eo_progress_count(&run.plan);
    char text[256];
    int left;

    clear();
    if (n.steps > 0) {
        left = (int)(fmin(eo_progress_left(&run.plan, seconds_of(CLOCK_MONOTONIC), run.share), 1e9) + 0.5);
        snprintf(text, sizeof(text), "%s: %zu of %zu candidates, %zu of %zu steps, about %d:%02d left",
                 run.stage, n.candidates_done, n.candidates, n.done, n.steps, left / 60, left % 60);
        put_line(text);
        if (run.tool[0])
            put_line(run.tool);
    }
    flush();
}

/* Passes whole lines on, above what is shown; `end` is what is left of the last one. */
static void pass(char *text, size_t *size, int at_end)
{
    char *line = text, *end;

    clear();
    while ((end = memchr(line, '\n', (size_t)(text + *size - line))) != NULL) {
        fwrite(line, 1, (size_t)(end + 1 - line), stdout);
        *end = '\0';
        see_line(line);
        line = end + 1;
    }
    *size -= (size_t)(line - text);
    memmove(text, line, *size);
    if (at_end || *size == 65535) {
        fwrite(text, 1, *size, stdout);
        *size = 0;
    }
    flush();
}

static void follow(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    static char text[65536];
    double began = seconds_of(CLOCK_MONOTONIC), looked = 0;
    size_t size = 0;

    for (ssize_t n = 1; n != 0;) {
        if (poll(&input, 1, (int)(1000 * PERIOD)) > 0) {
            n = read(STDIN_FILENO, text + size, sizeof(text) - 1 - size);
            if (n < 0 && errno != EINTR)
                break;
            size += n > 0 ? (size_t)n : 0;
            pass(text, &size, n == 0);
        }
        if (n == 0 || seconds_of(CLOCK_MONOTONIC) < looked + PERIOD ||
            seconds_of(CLOCK_MONOTONIC) < began + FIRST)
            continue;
        looked = seconds_of(CLOCK_MONOTONIC);
        load_plan();
        see_records();
        see_tools();
        draw();
    }
    clear();
    flush();
}

int main(int argc, char **argv)
{
    struct eo_err err;

    cli_parse(&program, argc, argv);
    if (!folder || !work || !config)
        cli_usage(&program, "options '--folder', '--work' and '-c' are required");
    if (eo_config_load(&run.cfg, config, &err))
        return cli_fail(&program, config, &err);
    /* Ends when the run has ended: a signal to all reaches the run too, whose last words are passed on. */
    for (int s = 0; s < 3; s++)
        signal((int[]){SIGHUP, SIGINT, SIGTERM}[s], SIG_IGN);
    follow();
    see_records();
    save_log();
    eo_progress_release(&run.plan);
    free(run.plan_text);
    free(run.log_text);
    if (!run.write_error)
        return 0;
    eo_err_set(&err, "cannot write: %s", strerror(run.write_error));
    return cli_fail(&program, "-", &err);
}
