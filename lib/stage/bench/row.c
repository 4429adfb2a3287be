#include "stage/bench/row.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>

#include "base/mem.h"
#include "format/csv.h"
#include "nn/arena.h"
#include "stage/candidate.h"

void eo_bench_row_init(struct eo_bench_row *row)
{
    *row = (struct eo_bench_row){
        .energy_measured_j = NAN, .idle_power_w = NAN, .arena_bytes = NAN, .unfused_arena_bytes = NAN};
}

#define INTERVALS(prefix)                                                                                    \
    prefix "_latency_median_ci95_low_ms," prefix "_latency_median_ci95_high_ms," prefix                      \
           "_latency_p95_ci95_low_ms," prefix "_latency_p95_ci95_high_ms," prefix                            \
           "_latency_p99_ci95_low_ms," prefix "_latency_p99_ci95_high_ms,"
#define COUNTS(prefix)                                                                                       \
    prefix "cycles," prefix "instructions," prefix "ipc," prefix "l1d_misses," prefix "llc_misses," prefix   \
           "branch_misses,"

void eo_bench_row_put_header(struct eo_buf *out)
{
    eo_buf_puts(
        out,
        "pruning_level,precision,seed,model_sha256,isa,kernel,threads,batch_size,samples,"
        "host_latency_ms,host_latency_median_ms,host_latency_std_ms,host_latency_p95_ms,"
        "host_latency_min_ms,host_throughput_sps,host_batch_latency_ms,host_single_latency_ms,"
        "host_single_latency_median_ms,host_single_latency_std_ms,host_single_latency_p95_ms,"
        "host_single_latency_min_ms,host_single_throughput_sps,model_bytes,peak_activation_bytes,"
        "workspace_bytes,macs,parameters,pruning_criterion,"
        "timing_status,timing_reason,rounds,rounds_disturbed,"
        "samples_effective,host_latency_mad_ms,host_latency_p99_ms," INTERVALS(
            "host") "host_single_samples,host_single_samples_effective,"
                    "host_single_latency_mad_ms,host_single_latency_p99_ms," INTERVALS(
                        "host_single") "session,cpu,reference_ns,reference_slowdown,lost_share,involuntary_"
                                       "switches,migrations,"
                                       "steal_share,frequency_change," COUNTS("") COUNTS(
                                           "single_") "page_faults,context_switches,counters_note,"
                                                      "energy_measured_j,energy_source,idle_power_w,"
                                                      "arena_bytes,unfused_arena_bytes,resident_bytes,"
                                                      "node,node_kind\n");
}

static void put_latency(struct eo_buf *out, const struct eo_timing *t)
{
    eo_csv_put_double(out, t->mean, ',');
    eo_csv_put_double(out, t->median, ',');
    eo_csv_put_double(out, t->std, ',');
    eo_csv_put_double(out, t->p95.value, ',');
    eo_csv_put_double(out, t->min, ',');
    eo_csv_put_double(out, t->throughput_sps, ',');
}

static void put_intervals(struct eo_buf *out, const struct eo_timing *t)
{
    const struct eo_quantile *q[] = {&t->median_q, &t->p95, &t->p99};

    eo_csv_put_double(out, t->effective_samples, ',');
    eo_csv_put_double(out, t->mad, ',');
    eo_csv_put_double(out, t->p99.value, ',');
    for (size_t i = 0; i < sizeof(q) / sizeof(q[0]); i++) {
        eo_csv_put_double(out, q[i]->low, ',');
        eo_csv_put_double(out, q[i]->high, ',');
    }
}

static void put_text(struct eo_buf *out, const char *text)
{
    eo_csv_put_text(out, text ? text : "", ',');
}

static void put_conditions(struct eo_buf *out, const struct eo_verdict *v)
{
    eo_csv_put_double(out, v->conditions.reference_ns, ',');
    eo_csv_put_double(out, v->reference_slowdown, ',');
    eo_csv_put_double(out, v->lost_share, ',');
    eo_csv_put_count(out, v->conditions.involuntary_switches, ',');
    eo_csv_put_count(out, v->conditions.migrations, ',');
    eo_csv_put_double(out, v->steal_share, ',');
    eo_csv_put_double(out, v->frequency_change, ',');
}

static void put_counts(struct eo_buf *out, const struct eo_counts *c)
{
    eo_csv_put_double(out, c->cycles, ',');
    eo_csv_put_double(out, c->instructions, ',');
    eo_csv_put_double(out, c->instructions / c->cycles, ',');
    eo_csv_put_double(out, c->l1d_misses, ',');
    eo_csv_put_double(out, c->llc_misses, ',');
    eo_csv_put_double(out, c->branch_misses, ',');
}

static void put_trust(struct eo_buf *out, const struct eo_verdict *v)
{
    eo_csv_put_text(out, eo_timing_status_name(v->status), ',');
    eo_csv_put_text(out, v->reason, ',');
    eo_csv_put_int(out, (long long)v->rounds, ',');
    eo_csv_put_int(out, (long long)v->disturbed, ',');
    put_intervals(out, &v->size[EO_BENCH_BATCH]);
    eo_csv_put_int(out, (long long)v->size[EO_BENCH_SINGLE].samples, ',');
    put_intervals(out, &v->size[EO_BENCH_SINGLE]);
}

static void put_events(struct eo_buf *out, const struct eo_bench_row *row)
{
    const struct eo_round_conditions *c = &row->verdict->conditions;

    put_counts(out, &row->verdict->counts[EO_BENCH_BATCH]);
    put_counts(out, &row->verdict->counts[EO_BENCH_SINGLE]);
    eo_csv_put_count(out, c->page_faults, ',');
    eo_csv_put_count(out, c->involuntary_switches + c->voluntary_switches, ',');
    put_text(out, row->counters_note);
}

void eo_bench_row_put(struct eo_buf *out, const struct eo_bench_row *row)
{
    const struct eo_model *m = row->model;
    const struct eo_verdict *v = row->verdict;
    struct eo_candidate_key key = eo_candidate_key_of_model(m);

    eo_candidate_put_key(&key, out);
    put_text(out, row->model_sha256);
    put_text(out, row->isa);
    put_text(out, row->kernel);
    eo_csv_put_int(out, row->threads, ',');
    eo_csv_put_int(out, row->batch, ',');
    eo_csv_put_int(out, (long long)v->size[EO_BENCH_BATCH].samples, ',');
    put_latency(out, &v->size[EO_BENCH_BATCH]);
    eo_csv_put_double(out, v->size[EO_BENCH_BATCH].mean * row->batch, ',');
    put_latency(out, &v->size[EO_BENCH_SINGLE]);
    eo_csv_put_int(out, (long long)eo_model_tensor_bytes(m), ',');
    eo_csv_put_int(out, (long long)eo_arena_bytes(&m->network, m->precision, EO_ARENA_FUSED), ',');
    eo_csv_put_int(out, (long long)row->workspace_bytes, ',');
    eo_csv_put_int(out, (long long)eo_network_macs(&m->network), ',');
    eo_csv_put_int(out, (long long)eo_network_parameters(&m->network), ',');
    eo_csv_put_text(out, eo_criterion_name(key.criterion), ',');
    put_trust(out, v);
    put_text(out, row->session);
    put_text(out, row->cpu);
    put_conditions(out, v);
    put_events(out, row);
    eo_csv_put_double(out, row->energy_measured_j, ',');
    put_text(out, row->energy_source);
    eo_csv_put_double(out, row->idle_power_w, ',');
    eo_csv_put_count(out, row->arena_bytes, ',');
    eo_csv_put_count(out, row->unfused_arena_bytes, ',');
    eo_csv_put_count(out, v->conditions.resident_bytes, ',');
    put_text(out, row->node);
    eo_csv_put_text(out, row->node_kind ? row->node_kind : "", '\n');
}

/* Rounds. */

void eo_bench_rounds_put_header(struct eo_buf *out)
{
    eo_buf_puts(out, "pruning_level,precision,seed,session,round,slot,disturbed,batch_size,samples,"
                     "host_median_ms,host_mean_ms,single_samples,host_single_median_ms,host_single_mean_ms,"
                     "reference_ns,wall_s,cpu_s,involuntary_switches,migrations,page_faults,steal_s,"
                     "frequency_start_khz,frequency_end_khz,resident_bytes,pruning_criterion,waited_s,"
                     "samples_interrupted,single_samples_interrupted\n");
}

/* The bytes of that many doubles, at least 1, because 0 would mean that nothing failed. */
static size_t bytes_missing(size_t count)
{
    size_t bytes;

    return eo_size_mul(count, sizeof(double), &bytes) || bytes == 0 ? SIZE_MAX : bytes;
}

static void put_size(struct eo_buf *out, const struct eo_round *r, enum eo_bench_size size)
{
    double median, mean;

    if (eo_round_figures(r, size, &median, &mean, NULL)) {
        out->missing = bytes_missing(eo_round_size(r, size)->count); /* what sorting a copy takes */
        return;
    }
    eo_csv_put_int(out, (long long)eo_round_size(r, size)->count, ',');
    eo_csv_put_double(out, median, ',');
    eo_csv_put_double(out, mean, ',');
}

static void put_round(struct eo_buf *out, const struct eo_round *r, double reference_ns)
{
    const struct eo_round_conditions *c = &r->conditions;

    eo_csv_put_int(out, r->number, ',');
    eo_csv_put_int(out, r->slot, ',');
    eo_csv_put_int(out, eo_round_is_disturbed(r, reference_ns), ',');
    eo_csv_put_int(out, r->size[EO_BENCH_BATCH].images, ',');
    put_size(out, r, EO_BENCH_BATCH);
    put_size(out, r, EO_BENCH_SINGLE);
    eo_csv_put_double(out, c->reference_ns, ',');
    eo_csv_put_double(out, c->wall_s, ',');
    eo_csv_put_double(out, c->cpu_s, ',');
    eo_csv_put_count(out, c->involuntary_switches, ',');
    eo_csv_put_count(out, c->migrations, ',');
    eo_csv_put_count(out, c->page_faults, ',');
    eo_csv_put_double(out, c->steal_s, ',');
    eo_csv_put_count(out, c->frequency_start_khz, ',');
    eo_csv_put_count(out, c->frequency_end_khz, ',');
    eo_csv_put_count(out, c->resident_bytes, ',');
}

void eo_bench_rounds_put(struct eo_buf *out, const struct eo_model *model, const char *session,
                         const struct eo_rounds *rounds, double reference_ns)
{
    struct eo_candidate_key key = eo_candidate_key_of_model(model);

    for (size_t i = 0; i < rounds->count; i++) {
        eo_candidate_put_key(&key, out);
        eo_csv_put_text(out, session, ',');
        put_round(out, &rounds->list[i], reference_ns);
        eo_csv_put_text(out, eo_criterion_name(key.criterion), ',');
        eo_csv_put_double(out, rounds->list[i].conditions.waited_s, ',');
        eo_csv_put_int(out, (long long)rounds->list[i].size[EO_BENCH_BATCH].interrupted, ',');
        eo_csv_put_int(out, (long long)eo_round_size(&rounds->list[i], EO_BENCH_SINGLE)->interrupted, '\n');
    }
}

/* Samples. */

void eo_bench_samples_put_header(struct eo_buf *out)
{
    eo_buf_puts(out, "trial,sample,batch,calls,seconds_per_call,disturbed,pruning_level,precision,seed,"
                     "pruning_criterion\n");
}

static void put_samples(struct eo_buf *out, const struct eo_round *r, enum eo_bench_size size, int disturbed,
                        const struct eo_candidate_key *key)
{
    const struct eo_round_samples *s = &r->size[size];

    for (size_t i = 0; i < s->count; i++) {
        eo_buf_printf(out, "%d,%zu,%d,%" PRIu64 ",", r->number, i, s->images, s->calls);
        eo_csv_put_double(out, s->seconds[i], ',');
        eo_csv_put_int(out, disturbed, ',');
        eo_candidate_put_key(key, out);
        eo_csv_put_text(out, eo_criterion_name(key->criterion), '\n');
    }
}

void eo_bench_samples_put(struct eo_buf *out, const struct eo_model *model, const struct eo_rounds *rounds,
                          double reference_ns)
{
    struct eo_candidate_key key = eo_candidate_key_of_model(model);

    for (size_t i = 0; i < rounds->count; i++) {
        int disturbed = eo_round_is_disturbed(&rounds->list[i], reference_ns);

        for (int k = 0; k < EO_BENCH_SIZES; k++)
            put_samples(out, &rounds->list[i], (enum eo_bench_size)k, disturbed, &key);
    }
}
