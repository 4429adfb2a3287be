#include "stage/pipeline/progress.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "stage/candidate.h"
#include "stage/pipeline/trace.h"

/* Seconds of a step before one of its stage has ended; the session of eo-bench has as many parts as candidates. */
static const struct {
    const char *stage;
    double seconds;
} guesses[] = {{"train", 20}, {"prune", 10},  {"quant", 0.4},   {"eval", 0.6},     {"bench", 3}, {"select", 0.4},
               {"plots", 1},  {"report", 1.5}, {"hardware", 0.3}, {"manifest", 0.5}, {"device", 4}, {"export", 1}};

static int is(const struct eo_progress_step *s, const char *stage)
{
    return strcmp(s->stage, stage) == 0;
}

/* Training costs about as much as the network computes, which falls with the square of what is left. */
static double weight(const struct eo_progress_step *s, const struct eo_config *cfg)
{
    struct eo_candidate_name name;
    double left = 1;
    int epochs = is(s, "train") ? cfg->epochs : is(s, "prune") ? cfg->fine_tune_epochs : 0;

    if (epochs && eo_candidate_parse_path(s->id, EO_TRACE_FIRST_SEED, &name) == 0)
        left = 1 - eo_level_mean(&name.key.level);
    return epochs * (0.1 + 0.9 * left * left);
}

/* Cuts "WORD REST" at the first blank; NULL where there is none. */
static char *cut(char *line)
{
    char *blank = strchr(line, ' ');

    if (!blank)
        return NULL;
    *blank = '\0';
    return blank + 1;
}

int eo_progress_plan(struct eo_progress *p, char *plan, const struct eo_config *cfg, struct eo_err *err)
{
    size_t lines = 1;

    for (const char *c = plan; *c; c++)
        lines += *c == '\n';
    p->count = 0;
    p->steps = eo_alloc(lines, sizeof(*p->steps), err);
    if (!p->steps)
        return -1;
    for (char *rest, *line = strtok_r(plan, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *stage = cut(line), *id = stage ? cut(stage) : NULL;
        struct eo_progress_step *s = &p->steps[p->count];

        if (!id)
            continue;
        *s = (struct eo_progress_step){stage, id, strcmp(line, "run") == 0, 0, -1, -1, -1};
        s->weight = weight(s, cfg);
        p->count++;
    }
    return 0;
}

void eo_progress_release(struct eo_progress *p)
{
    free(p->steps);
    *p = (struct eo_progress){0};
}

struct eo_progress_step *eo_progress_find(const struct eo_progress *p, const char *id)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->steps[i].id, id) == 0)
            return &p->steps[i];
    }
    return NULL;
}

void eo_progress_read_log(struct eo_progress *p, char *log)
{
    struct eo_err err;

    for (char *rest, *line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *stage = cut(line), *id = stage ? cut(stage) : NULL;
        struct eo_progress_step *s = id ? eo_progress_find(p, id) : NULL;
        double seconds;

        if (s && is(s, stage) && eo_num_parse_double(line, 0, 1e9, &seconds, &err) == 0)
            s->before = seconds;
    }
}

void eo_progress_put_log(const struct eo_progress *p, struct eo_buf *out)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct eo_progress_step *s = &p->steps[i];
        double seconds = s->took >= 0 ? s->took : s->before;

        if (seconds >= 0)
            eo_buf_printf(out, "%.3f %s %s\n", seconds, s->stage, s->id);
    }
}

/* Seconds of one unit of training: by the steps of the same stage if `stage` is given, and one of them has ended. */
static double unit(const struct eo_progress *p, const char *stage)
{
    double seconds = 0, weights = 0;

    for (size_t i = 0; i < p->count; i++) {
        const struct eo_progress_step *s = &p->steps[i];

        if (s->took >= 0 && s->weight > 0 && (!stage || is(s, stage))) {
            seconds += s->took;
            weights += s->weight;
        }
    }
    return weights > 0 ? seconds / weights : -1;
}

static double mean(const struct eo_progress *p, const char *stage)
{
    double seconds = 0;
    size_t n = 0;

    for (size_t i = 0; i < p->count; i++) {
        if (p->steps[i].took >= 0 && is(&p->steps[i], stage)) {
            seconds += p->steps[i].took;
            n++;
        }
    }
    return n ? seconds / (double)n : -1;
}

static double guess(const struct eo_progress *p, const struct eo_progress_step *s)
{
    double seconds = 0.2;

    for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
        if (is(s, guesses[i].stage))
            seconds = guesses[i].seconds;
    }
    return is(s, "bench") ? seconds * (double)eo_progress_count(p).candidates : seconds;
}

/* `running` is the unit that a running step shows, or -1. */
static double expected(const struct eo_progress *p, const struct eo_progress_step *s, double running)
{
    double own = s->weight > 0 ? unit(p, s->stage) : mean(p, s->stage), any;

    if (s->before >= 0)
        return s->before;
    if (s->weight <= 0)
        return own >= 0 ? own : guess(p, s);
    any = own >= 0 ? own : running >= 0 ? running : unit(p, NULL);
    return any >= 0 ? any * s->weight : guess(p, s);
}

double eo_progress_left(const struct eo_progress *p, double now, double share)
{
    double running_unit = -1, pending = 0, longest = 0, sum = 0;
    size_t running = 0;

    for (size_t i = 0; i < p->count; i++) {
        const struct eo_progress_step *s = &p->steps[i];

        if (s->began >= 0 && s->took < 0 && s->weight > 0 && share > 0.01)
            running_unit = (now - s->began) / share / s->weight;
    }
    for (size_t i = 0; i < p->count; i++) {
        const struct eo_progress_step *s = &p->steps[i];
        double left;

        if (s->took >= 0 || (!s->runs && s->began < 0))
            continue;
        left = expected(p, s, running_unit);
        if (s->began < 0) {
            pending += left;
            continue;
        }
        if ((s->weight > 0 || is(s, "bench")) && share > 0.01)
            left = (now - s->began) / share;
        left = left > now - s->began ? left - (now - s->began) : 0;
        longest = left > longest ? left : longest;
        sum += left;
        running++;
    }
    if (running < 2)
        return pending + longest;
    return (pending + sum) / (double)running > longest ? (pending + sum) / (double)running : longest;
}

struct eo_progress_counts eo_progress_count(const struct eo_progress *p)
{
    struct eo_progress_counts n = {0};

    for (size_t i = 0; i < p->count; i++) {
        const struct eo_progress_step *s = &p->steps[i];
        int done = !s->runs || s->took >= 0;

        n.steps += (size_t)(s->runs != 0);
        n.done += s->runs && s->took >= 0;
        n.candidates += is(s, "eval");
        n.candidates_done += is(s, "eval") && done;
    }
    return n;
}
