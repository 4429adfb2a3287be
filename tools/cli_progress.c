/* The part of cli.h that shows how far a program is. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "stage/learn/train.h"
#include "tools/cli.h"

/* Where eo-progress finds how far this program is; NULL without EO_PROGRESS. */
static const char *progress_folder(void)
{
    const char *folder = getenv("EO_PROGRESS");

    return folder && *folder ? folder : NULL;
}

int cli_is_watched(int quiet)
{
    const char *folder = progress_folder(), *terminal = getenv("TERM");

    if (quiet || folder)
        return !quiet && strcmp(folder, "none") != 0;
    return isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

void cli_show(double done, double total, const char *text)
{
    const char *folder = progress_folder();
    struct eo_buf line = {0};
    char path[PATH_MAX];
    struct eo_err err;

    if (!folder) {
        fprintf(stderr, "\r%s\033[K", text);
        return;
    }
    snprintf(path, sizeof(path), "%s/tool.%ld", folder, (long)getpid());
    eo_buf_printf(&line, "%.17g %.17g %s\n", done, total, text);
    /* The work goes on when nothing can be said. */
    if (eo_buf_check(&line, &err) || eo_io_write(path, line.data, line.len, &err))
        unlink(path);
    eo_buf_release(&line);
}

void cli_show_end(int stays)
{
    char path[PATH_MAX];

    if (!progress_folder())
        fputs(stays ? "\n" : "\r\033[K", stderr);
    else if (snprintf(path, sizeof(path), "%s/tool.%ld", progress_folder(), (long)getpid()) > 0)
        unlink(path);
}

static void show_progress(void *ctx, const struct eo_train_progress *p)
{
    struct cli_progress *line = ctx;
    double rate = (double)p->done / p->seconds;
    char text[256];
    int n;

    if (p->done < p->total && p->seconds - line->last < 0.1)
        return;
    line->last = p->seconds;
    line->shown = 1;
    n = snprintf(text, sizeof(text), "training: epoch %d/%d  %3.0f %%  loss %.4f  %.0f images/s  %.0f s left ",
                 p->epoch, p->epochs, 100.0 * (double)p->done / (double)p->total, p->loss, rate,
                 (double)(p->total - p->done) / rate);
    if (p->best_epoch && n > 0 && (size_t)n < sizeof(text))
        snprintf(text + n, sizeof(text) - (size_t)n, " best epoch %d: accuracy %.4f ", p->best_epoch,
                 p->best_accuracy);
    cli_show((double)p->done, (double)p->total, text);
}

cli_progress_fn *cli_progress(int quiet)
{
    return cli_is_watched(quiet) ? show_progress : NULL;
}

void cli_progress_end(const struct cli_progress *line)
{
    if (line->shown)
        cli_show_end(1);
}
