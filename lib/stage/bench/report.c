#include "stage/bench/report.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/io.h"
#include "machine/quota.h"
#include "stage/bench/row.h"

/* A candidate may have no joules although they are counted: too few, or the idle machine was busy. */
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
    row.node = r->plan->node;
    row.node_kind = r->plan->node_kind;
    eo_bench_row_put(out, &row);
}

void eo_bench_report_put_rows(const struct eo_bench_report *r, int header, struct eo_buf *out)
{
    if (header)
        eo_bench_row_put_header(out);
    for (size_t i = 0; i < r->count; i++) {
        if (!r->list[i].failed)
            put_row(r, &r->list[i], out);
    }
}

void eo_bench_report_put_rounds(const struct eo_bench_report *r, struct eo_buf *out)
{
    eo_bench_rounds_put_header(out);
    for (size_t i = 0; i < r->count; i++)
        eo_bench_rounds_put(out, &r->list[i].model, r->session->id, &r->list[i].rounds,
                            r->session->reference_ns);
}

static void put_samples(const struct eo_bench_report *r, struct eo_buf *out)
{
    eo_bench_samples_put_header(out);
    for (size_t i = 0; i < r->count; i++)
        eo_bench_samples_put(out, &r->list[i].model, &r->list[i].rounds, r->session->reference_ns);
}

static int write_table(const char *path, struct eo_buf *text, struct eo_err *err)
{
    int rc = eo_buf_check(text, err) || eo_io_write(path, text->data, text->len, err) ? -1 : 0;

    eo_buf_release(text);
    return rc;
}

int eo_bench_report_write(const struct eo_bench_report *r, const struct eo_bench_tables *to,
                          const char **file, struct eo_err *err)
{
    struct eo_buf text = {0};

    *file = to->samples;
    if (to->samples) {
        put_samples(r, &text);
        if (write_table(to->samples, &text, err))
            return -1;
    }
    *file = to->rounds;
    if (to->rounds) {
        eo_bench_report_put_rounds(r, &text);
        if (write_table(to->rounds, &text, err))
            return -1;
    }
    *file = to->rows;
    eo_bench_report_put_rows(r, to->header, &text);
    return write_table(to->rows, &text, err);
}

int eo_bench_report_check(const struct eo_bench_report *r, const char **name, struct eo_err *err)
{
    const struct eo_bench_candidate *first = NULL;
    size_t bad = 0;

    for (size_t i = 0; i < r->count; i++) {
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

void eo_bench_note_circumstances(struct eo_bench_candidate *list, size_t count, int threads,
                                 const char *lock_note)
{
    const struct eo_host host = eo_host_of_environment();
    double quota = eo_host_quota(&host);
    char text[64];

    snprintf(text, sizeof(text), "quota: the control group may use %.2f processors", quota);
    for (size_t i = 0; i < count; i++) {
        if (quota < threads)
            eo_verdict_note(&list[i].verdict, text);
        if (lock_note[0])
            eo_verdict_note(&list[i].verdict, lock_note);
    }
}

void eo_bench_report_cut(const struct eo_bench_report *r, char *line, size_t size)
{
    size_t least = SIZE_MAX;

    for (size_t i = 0; i < r->count; i++) {
        if (!r->list[i].failed && r->list[i].rounds.count < least)
            least = r->list[i].rounds.count;
    }
    snprintf(line, size,
             "%d s (benchmark_seconds) were over after %zu rounds (planned: %d): the rows are of these",
             r->plan->seconds, least, r->plan->rounds);
}
