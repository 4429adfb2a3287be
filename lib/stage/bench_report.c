#include "stage/bench_report.h"

#include <math.h>

#include "stage/bench_row.h"

/* Joules may be counted, and yet a candidate have none: too few for the counters, or the machine was busy before. */
static const char *energy_source(const struct eo_bench_report *r, const struct eo_bench_candidate *c)
{
    if (isnan(c->energy_j) && !isnan(r->session->idle_power_w))
        return "unavailable: took no more than the idle machine";
    return r->session->energy_source;
}

static void put_row(const struct eo_bench_report *r, const struct eo_bench_candidate *c, struct eo_buf *out)
{
    struct eo_bench_row row;

    eo_bench_row_init(&row);
    row.model = &c->model;
    row.model_sha256 = c->sha256;
    row.isa = eo_isa_name(r->plan->isa);
    row.kernel = c->kernel;
    row.threads = r->plan->threads;
    row.batch = r->plan->batch;
    row.workspace_bytes = c->workspace_bytes;
    row.verdict = &c->verdict;
    row.session = r->session->id;
    row.cpu = r->session->cpu;
    row.counters_note = c->counters_note;
    row.energy_measured_j = c->energy_j;
    row.energy_source = energy_source(r, c);
    row.idle_power_w = r->session->idle_power_w;
    row.arena_bytes = (double)c->arena_bytes[EO_ARENA_FUSED];
    row.unfused_arena_bytes = (double)c->arena_bytes[EO_ARENA_UNFUSED];
    eo_bench_row_put(out, &row);
}

void eo_bench_report_put_rows(const struct eo_bench_report *r, int header, struct eo_buf *out)
{
    size_t i;

    if (header)
        eo_bench_row_put_header(out);
    for (i = 0; i < r->count; i++) {
        if (!r->list[i].failed)
            put_row(r, &r->list[i], out);
    }
}

void eo_bench_report_put_rounds(const struct eo_bench_report *r, struct eo_buf *out)
{
    size_t i;

    eo_bench_rounds_put_header(out);
    for (i = 0; i < r->count; i++)
        eo_bench_rounds_put(out, &r->list[i].model, r->session->id, &r->list[i].rounds,
                            r->session->reference_ns);
}

void eo_bench_report_put_samples(const struct eo_bench_report *r, struct eo_buf *out)
{
    size_t i;

    eo_bench_samples_put_header(out);
    for (i = 0; i < r->count; i++)
        eo_bench_samples_put(out, &r->list[i].model, &r->list[i].rounds, r->session->reference_ns);
}

int eo_bench_report_check(const struct eo_bench_report *r, const char **name, struct eo_err *err)
{
    const struct eo_bench_candidate *first = NULL;
    size_t i, bad = 0;

    for (i = 0; i < r->count; i++) {
        const struct eo_bench_candidate *c = &r->list[i];

        if (c->failed || c->verdict.status == EO_TIMING_OK)
            continue;
        first = first ? first : c;
        bad++;
    }
    if (!first)
        return 0;
    *name = first->name;
    return eo_err_set(err, "expected timing status ok, found %s: %s (%zu of %zu models)",
                      eo_timing_status_name(first->verdict.status), first->verdict.reason, bad, r->count);
}
