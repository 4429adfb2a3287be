#include "stage/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/stats.h"
#include "format/csv.h"
#include "nn/infer.h"
#include "stage/candidate.h"

/* A subject that does nothing must not be called for ever. */
#define MAX_CALLS ((uint64_t)1 << 24)
#define LOCK_NAME "edge-opt-timing.lock"

/* Collection. */

struct meter {
    const struct eo_bench_subject *subject;
    int batch;
    uint64_t calls; /* for the next sample */
};

static uint64_t time_calls(const struct meter *m, const struct eo_clock *clock)
{
    uint64_t start = eo_clock_now_ns();
    uint64_t i;

    for (i = 0; i < m->calls; i++)
        m->subject->call(m->subject->ctx, m->batch);
    return eo_clock_elapsed_ns(clock, start, eo_clock_now_ns());
}

/*
 * The calls that would have taken a quarter more than was asked for, at most ten times as many as before: the
 * first call is a bad guess, being slow (cold) or too short for the clock.
 */
static uint64_t more_calls(uint64_t calls, uint64_t ns, uint64_t wanted_ns)
{
    uint64_t limit = calls * 10;
    uint64_t next = limit;

    if (ns > 0)
        next = calls * (wanted_ns + wanted_ns / 4) / ns + 1;
    next = next < limit ? next : limit;
    return next < MAX_CALLS ? next : MAX_CALLS;
}

static void take_sample(struct meter *m, const struct eo_clock *clock, struct eo_bench_sample *sample)
{
    uint64_t wanted = 100 * clock->resolution_ns;
    uint64_t ns;

    wanted = wanted > EO_BENCH_SAMPLE_NS ? wanted : EO_BENCH_SAMPLE_NS;
    while ((ns = time_calls(m, clock)) < wanted && m->calls < MAX_CALLS)
        m->calls = more_calls(m->calls, ns, wanted);
    sample->batch = m->batch;
    sample->calls = m->calls;
    sample->seconds_per_call = (double)ns / (double)m->calls / 1e9;
}

void eo_bench_plan_make(struct eo_bench_plan *plan, const struct eo_config *cfg)
{
    plan->batch = cfg->batch_size;
    plan->repeats = cfg->benchmark_repeats;
    plan->trials = cfg->benchmark_trials;
    plan->warmup = cfg->benchmark_warmup;
}

int eo_bench_trials(const struct eo_bench_plan *plan)
{
    int needed = (EO_BENCH_MIN_SAMPLES + plan->repeats - 1) / plan->repeats;

    return plan->trials > needed ? plan->trials : needed;
}

/* One trial: `repeats` samples by each of the meters, beginning with the second one in odd trials. */
static void run_trial(struct meter *meters, int sizes, int trial, int repeats, const struct eo_clock *clock,
                      struct eo_bench_sample *out)
{
    int k, r;

    for (k = 0; k < sizes; k++) {
        for (r = 0; r < repeats; r++, out++) {
            take_sample(&meters[(k + trial) % sizes], clock, out);
            out->trial = trial;
            out->sample = r;
        }
    }
}

int eo_bench_collect(struct eo_bench_samples *samples, const struct eo_bench_subject *subject,
                     const struct eo_bench_plan *plan, struct eo_err *err)
{
    struct meter meters[2] = {{subject, plan->batch, 1}, {subject, 1, 1}};
    int sizes = plan->batch == 1 ? 1 : 2;
    int trials = eo_bench_trials(plan);
    struct eo_bench_sample thrown_away;
    struct eo_clock clock;
    int t, k, r;

    samples->count = (size_t)trials * (size_t)sizes * (size_t)plan->repeats;
    samples->list = eo_alloc(samples->count, sizeof(*samples->list), err);
    if (!samples->list)
        return -1;
    eo_clock_init(&clock);
    for (k = 0; k < sizes; k++) {
        for (r = 0; r < plan->warmup; r++)
            take_sample(&meters[k], &clock, &thrown_away);
    }
    for (t = 0; t < trials; t++)
        run_trial(meters, sizes, t, plan->repeats, &clock, samples->list + t * sizes * plan->repeats);
    return 0;
}

void eo_bench_samples_release(struct eo_bench_samples *samples)
{
    free(samples->list);
    *samples = (struct eo_bench_samples){0};
}

/* Figures. */

int eo_bench_summarise(struct eo_bench_figures *f, const struct eo_bench_samples *samples, int batch,
                       struct eo_err *err)
{
    double *ms = eo_alloc(samples->count, sizeof(*ms), err);
    size_t i, n = 0;

    if (!ms)
        return -1;
    for (i = 0; i < samples->count; i++) {
        if (samples->list[i].batch == batch)
            ms[n++] = samples->list[i].seconds_per_call * 1000.0 / batch;
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
    return n > 0 ? 0 : eo_err_set(err, "expected samples at batch size %d, found none", batch);
}

/* Subject. */

struct eo_bench_engine {
    int threads, batch;
    int piece;              /* images that one task takes of a batch */
    int next;               /* image of the next single call */
    uint8_t *pixels;        /* [batch, 784] */
    union eo_score *scores; /* [batch, 10] */
    struct eo_pool *pool;
    struct eo_infer **pieces; /* [threads], for batches */
    struct eo_infer *single;
};

static void run_piece(void *ctx, int task, int worker)
{
    struct eo_bench_engine *e = ctx;
    size_t first = (size_t)task * (size_t)e->piece;
    int n = e->batch - (int)first < e->piece ? e->batch - (int)first : e->piece;

    eo_infer_run(e->pieces[worker], e->pixels + first * EO_IMAGE_PIXELS, n, e->scores + first * EO_CLASSES);
}

static void engine_call(void *ctx, int batch)
{
    struct eo_bench_engine *e = ctx;

    if (batch > 1) {
        eo_pool_run(e->pool, run_piece, e, (e->batch + e->piece - 1) / e->piece);
        return;
    }
    eo_infer_run(e->single, e->pixels + (size_t)e->next * EO_IMAGE_PIXELS, 1, e->scores);
    e->next = e->next + 1 < e->batch ? e->next + 1 : 0;
}

static void fill_pixels(struct eo_bench_engine *e, const struct eo_images *images)
{
    size_t i, count = (size_t)e->batch;
    struct eo_rng rng;

    for (i = 0; images && i < count; i++)
        memcpy(e->pixels + i * EO_IMAGE_PIXELS, images->pixels + i % images->count * EO_IMAGE_PIXELS,
               EO_IMAGE_PIXELS);
    eo_rng_init(&rng, 0, EO_RNG_BENCH);
    for (i = 0; !images && i < count * EO_IMAGE_PIXELS; i++)
        e->pixels[i] = (uint8_t)(eo_rng_u64(&rng) >> 56);
}

/* Memory, threads and an inference object for each. After failure the caller frees what is there. */
static int set_up(struct eo_bench_engine *e, const struct eo_model *m, enum eo_isa isa, struct eo_err *err)
{
    int i;

    e->pixels = eo_alloc((size_t)e->batch, EO_IMAGE_PIXELS, err);
    e->scores = e->pixels ? eo_alloc((size_t)e->batch, EO_CLASSES * sizeof(*e->scores), err) : NULL;
    e->pool = e->scores ? eo_pool_new(e->threads, err) : NULL;
    e->pieces = e->pool ? eo_alloc((size_t)e->threads, sizeof(*e->pieces), err) : NULL;
    e->single = e->pieces ? eo_infer_new(m, isa, 1, err) : NULL;
    if (!e->single)
        return -1;
    for (i = 0; i < e->threads; i++) {
        e->pieces[i] = eo_infer_new(m, isa, e->piece, err);
        if (!e->pieces[i])
            return -1;
    }
    return 0;
}

struct eo_bench_engine *eo_bench_engine_new(const struct eo_model *m, const struct eo_images *images,
                                            enum eo_isa isa, int threads, int batch, struct eo_err *err)
{
    int groups = (batch + EO_BENCH_GROUP - 1) / EO_BENCH_GROUP;
    struct eo_bench_engine *e = NULL;

    if (batch < 1 || batch > EO_BENCH_MAX_BATCH)
        eo_err_set(err, "expected a batch of 1..%d images, found %d", EO_BENCH_MAX_BATCH, batch);
    else if (images && images->count == 0)
        eo_err_set(err, "expected at least 1 image to time, found 0");
    else
        e = eo_alloc(1, sizeof(*e), err);
    if (!e)
        return NULL;
    e->threads = threads;
    e->batch = batch;
    e->piece = (groups + threads - 1) / threads * EO_BENCH_GROUP;
    e->piece = e->piece < batch ? e->piece : batch;
    if (set_up(e, m, isa, err)) {
        eo_bench_engine_free(e);
        return NULL;
    }
    fill_pixels(e, images);
    return e;
}

void eo_bench_engine_free(struct eo_bench_engine *e)
{
    int i;

    if (!e)
        return;
    for (i = 0; e->pieces && i < e->threads; i++)
        eo_infer_free(e->pieces[i]);
    eo_infer_free(e->single);
    eo_pool_free(e->pool);
    free(e->pieces);
    free(e->scores);
    free(e->pixels);
    free(e);
}

struct eo_bench_subject eo_bench_engine_subject(struct eo_bench_engine *e)
{
    return (struct eo_bench_subject){.call = engine_call, .ctx = e};
}

size_t eo_bench_engine_workspace_bytes(const struct eo_bench_engine *e)
{
    size_t bytes = 0;
    int i;

    for (i = 0; i < e->threads; i++)
        bytes += eo_infer_workspace_bytes(e->pieces[i]);
    return bytes;
}

const char *eo_bench_engine_kernel(const struct eo_bench_engine *e)
{
    return eo_infer_kernel_name(e->pieces[0]);
}

/* Exclusive use of the machine. */

int eo_bench_lock(void)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    const char *dir = getenv("TMPDIR");
    char path[4096];
    int fd;

    if ((size_t)snprintf(path, sizeof(path), "%s/" LOCK_NAME, dir && *dir ? dir : "/tmp") >= sizeof(path))
        return -1;
    /* Without O_CREAT first: Linux may refuse to "create" an existing file of somebody else in /tmp. */
    fd = open(path, flags);
    if (fd < 0)
        fd = open(path, flags | O_CREAT, 0666);
    if (fd < 0)
        return -1;
    while (flock(fd, LOCK_EX)) {
        if (errno != EINTR) {
            close(fd);
            return -1;
        }
    }
    return fd;
}

void eo_bench_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Rows. */

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

void eo_bench_put_samples(struct eo_buf *out, const struct eo_bench_samples *samples)
{
    size_t i;

    eo_buf_puts(out, "trial,sample,batch,calls,seconds_per_call\n");
    for (i = 0; i < samples->count; i++) {
        const struct eo_bench_sample *s = &samples->list[i];

        eo_buf_printf(out, "%d,%d,%d,%" PRIu64 ",", s->trial, s->sample, s->batch, s->calls);
        eo_csv_put_double(out, s->seconds_per_call, '\n');
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
