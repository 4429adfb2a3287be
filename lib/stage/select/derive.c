#include "stage/select/derive.h"

#include <math.h>

#include "stage/select/columns.h"

static double *figure(struct eo_candidate *c, const struct eo_sweep_column *column)
{
    return (double *)(void *)((char *)c + column->offset);
}

static int scale_latencies(struct eo_candidate *c, double scale, struct eo_err *err)
{
    size_t count;
    const struct eo_sweep_column *column = eo_sweep_columns(&count);
    double undo = 1;

    if (!isfinite(c->host_latency_ms))
        c->host_latency_ms = c->latency_ms;
    else if (c->host_latency_ms / scale == c->latency_ms)
        return 0;
    else
        undo = c->host_latency_ms / c->latency_ms;
    c->latency_ms = c->host_latency_ms;
    for (size_t i = 0; i < count; i++, column++) {
        double *x;

        if (!column->is_scaled)
            continue;
        x = figure(c, column);
        *x = *x * (x == &c->latency_ms ? 1 : undo) / scale;
        if (*x < column->min || *x > column->max)
            return eo_err_set(err, "column '%s': expected a number in %g..%g after scaling, found %g",
                              column->name, column->min, column->max, *x);
    }
    return 0;
}

int eo_candidate_derive(struct eo_candidate *c, const struct eo_config *cfg, struct eo_err *err)
{
    size_t count;
    const struct eo_sweep_column *column = eo_sweep_columns(&count);

    if (scale_latencies(c, cfg->cpu_frequency_scale, err))
        return -1;
    eo_candidate_rank(c, cfg->latency_statistic);
    for (size_t i = 0; i < count; i++, column++) {
        if (column->derive)
            *figure(c, column) = column->derive(c, cfg);
    }
    c->accepted = !eo_candidate_violates(c, cfg->active_memory_budget_mb);
    return 0;
}
