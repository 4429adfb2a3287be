#include "stage/bench.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/stats.h"
#include "format/csv.h"
#include "stage/candidate.h"

int eo_bench_summarise(struct eo_bench_figures *f, const struct eo_rounds *rounds, enum eo_bench_size size,
                       struct eo_err *err)
{
    size_t count = 0, n = 0, i, j;
    double *ms;

    for (i = 0; i < rounds->count; i++)
        count += rounds->list[i].size[size].count;
    ms = eo_alloc(count, sizeof(*ms), err);
    if (!ms)
        return -1;
    for (i = 0; i < rounds->count; i++) {
        const struct eo_round_samples *s = &rounds->list[i].size[size];

        for (j = 0; j < s->count; j++)
            ms[n++] = s->seconds[j] * 1000.0 / s->images;
    }
    eo_stats_sort(ms, n);
    f->samples = n;
    f->mean_ms = eo_stats_mean(ms, n);
    f->median_ms = eo_stats_median_sorted(ms, n);
    f->std_ms = eo_stats_std_sample(ms, n);
    f->p95_ms = eo_stats_percentile_sorted(ms, n, 95.0);
    f->min_ms = eo_stats_min(ms, n);
    f->throughput_sps = f->mean_ms > 0 ? 1000.0 / f->mean_ms : 0;
    free(ms);
    return 0;
}

void eo_bench_put_header(struct eo_buf *out)
{
    eo_buf_puts(out,
                "pruning_level,precision,seed,model_sha256,isa,kernel,threads,batch_size,samples,"
                "host_latency_ms,host_latency_median_ms,host_latency_std_ms,host_latency_p95_ms,"
                "host_latency_min_ms,host_throughput_sps,host_batch_latency_ms,host_single_latency_ms,"
                "host_single_latency_median_ms,host_single_latency_std_ms,host_single_latency_p95_ms,"
                "host_single_latency_min_ms,host_single_throughput_sps,model_bytes,peak_activation_bytes,"
                "workspace_bytes,macs,parameters,pruning_criterion\n");
}

static void put_latency(struct eo_buf *out, const struct eo_bench_figures *f)
{
    eo_csv_put_double(out, f->mean_ms, ',');
    eo_csv_put_double(out, f->median_ms, ',');
    eo_csv_put_double(out, f->std_ms, ',');
    eo_csv_put_double(out, f->p95_ms, ',');
    eo_csv_put_double(out, f->min_ms, ',');
    eo_csv_put_double(out, f->throughput_sps, ',');
}

void eo_bench_put_row(struct eo_buf *out, const struct eo_bench_old_row *row)
{
    const struct eo_model *m = row->model;
    struct eo_candidate_key key = eo_candidate_key_of_model(m);

    eo_candidate_put_key(&key, out);
    eo_csv_put_text(out, row->model_sha256, ',');
    eo_csv_put_text(out, row->isa, ',');
    eo_csv_put_text(out, row->kernel, ',');
    eo_csv_put_int(out, row->threads, ',');
    eo_csv_put_int(out, row->batch, ',');
    eo_csv_put_int(out, (long long)row->at_batch.samples, ',');
    put_latency(out, &row->at_batch);
    eo_csv_put_double(out, row->at_batch.mean_ms * row->batch, ',');
    put_latency(out, &row->single);
    eo_csv_put_int(out, (long long)eo_model_tensor_bytes(m), ',');
    eo_csv_put_int(out, (long long)eo_shape_peak_activation_bytes(&m->shape, m->precision), ',');
    eo_csv_put_int(out, (long long)row->workspace_bytes, ',');
    eo_csv_put_int(out, (long long)eo_shape_macs(&m->shape), ',');
    eo_csv_put_int(out, (long long)eo_shape_parameters(&m->shape), ',');
    eo_csv_put_text(out, eo_criterion_name(key.criterion), '\n');
}

void eo_bench_put_samples_header(struct eo_buf *out)
{
    eo_buf_puts(out, "trial,sample,batch,calls,seconds_per_call\n");
}

void eo_bench_put_samples(struct eo_buf *out, const struct eo_rounds *rounds)
{
    size_t i, j;
    int k;

    for (i = 0; i < rounds->count; i++) {
        for (k = 0; k < EO_BENCH_SIZES; k++) {
            const struct eo_round_samples *s = &rounds->list[i].size[k];

            for (j = 0; j < s->count && (k == 0 || rounds->list[i].size[0].images != s->images); j++) {
                eo_buf_printf(out, "%d,%zu,%d,%" PRIu64 ",", rounds->list[i].number, j, s->images, s->calls);
                eo_csv_put_double(out, s->seconds[j], '\n');
            }
        }
    }
}

void eo_bench_put_layers(struct eo_buf *out, const struct eo_model *m)
{
    int l;

    eo_buf_puts(out, "layer,input_bytes,output_bytes,total_bytes\n");
    for (l = 0; l < EO_LAYERS; l++) {
        enum eo_layer layer = (enum eo_layer)l;
        size_t enters = eo_shape_input_bytes(&m->shape, layer, m->precision);
        size_t leaves = eo_shape_output_bytes(&m->shape, layer, m->precision);

        eo_buf_printf(out, "%s,%zu,%zu,%zu\n", eo_layer_name(layer), enters, leaves, enters + leaves);
    }
}
