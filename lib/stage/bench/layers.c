#include "stage/bench/layers.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/clock.h"
#include "base/mem.h"
#include "machine/pin.h"
#include "base/stats.h"
#include "format/csv.h"
#include "nn/arena.h"

/* Calls of a size in a turn. */
#define WARMUP_NS 6000000u
#define MEASURE_NS 12000000u
#define CALLS_LEAST 5
#define CALLS_MOST 2000
#define VALUES_MOST (EO_BENCH_TURNS * CALLS_MOST)
#define EMPTY_MARKS 16

/* What the marks of a call gather, by the layer that they end; [layers]: between the calls. */
struct watch {
    struct eo_counters *counters; /* NULL: the clock */
    int layers, layer;
    uint64_t since_ns;
    uint64_t ns[EO_NETWORK_LAYERS + 1];
    struct eo_tally tally[EO_NETWORK_LAYERS + 1];
    double marks[EO_NETWORK_LAYERS + 1];
    double overhead[EO_LAYER_FIGURES]; /* of a mark */
};

static void watch_begin(struct watch *w)
{
    memset(w->ns, 0, sizeof(w->ns));
    memset(w->tally, 0, sizeof(w->tally));
    memset(w->marks, 0, sizeof(w->marks));
    w->layer = w->layers;
}

static void mark(void *ctx, int layer)
{
    struct watch *w = ctx;

    if (w->counters) {
        eo_counters_lap(w->counters, &w->tally[w->layer]);
    } else {
        uint64_t now = eo_clock_now_ns();

        w->ns[w->layer] += now - w->since_ns;
        w->since_ns = now;
    }
    w->marks[w->layer]++;
    w->layer = layer;
}

/* All figures of a layer in the call that has been watched; NAN for those that this watch does not see. */
static void watch_figures(const struct watch *w, int layer, double x[EO_LAYER_FIGURES])
{
    struct eo_counts n = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};

    if (w->counters)
        eo_counters_sum(w->counters, &w->tally[layer], &n);
    x[EO_LAYER_MS] = w->counters ? NAN : (double)w->ns[layer] / 1e6;
    x[EO_LAYER_CYCLES] = n.cycles;
    x[EO_LAYER_INSTRUCTIONS] = n.instructions;
    x[EO_LAYER_L1D_MISSES] = n.l1d_misses;
    x[EO_LAYER_LLC_MISSES] = n.llc_misses;
    x[EO_LAYER_BRANCH_MISSES] = n.branch_misses;
}

/* The known values of each figure of a layer, in the order of calls. */
struct series {
    double value[EO_LAYER_FIGURES][VALUES_MOST];
    size_t count[EO_LAYER_FIGURES];
};

/* `s`: one for each layer, here and below. */
static void series_add(struct series *s, const struct watch *w, int images)
{
    double x[EO_LAYER_FIGURES];

    for (int l = 0; l < w->layers; l++) {
        watch_figures(w, l, x);
        for (int f = 0; f < EO_LAYER_FIGURES; f++) {
            double net = (x[f] - w->overhead[f] * w->marks[l]) / images;

            if (!isnan(net))
                s[l].value[f][s[l].count[f]++] = net > 0 ? net : 0;
        }
    }
}

/* Puts the medians into `out`; figures without values stay as they are. */
static void series_medians(struct series *s, int layers, double out[][EO_LAYER_FIGURES])
{
    for (int l = 0; l < layers; l++) {
        for (int f = 0; f < EO_LAYER_FIGURES; f++) {
            if (s[l].count[f] == 0)
                continue;
            out[l][f] = eo_stats_median(s[l].value[f], s[l].count[f]);
        }
        memset(s[l].count, 0, sizeof(s[l].count));
    }
}

static double seconds_of_call(const struct watch *w)
{
    uint64_t ns = 0;

    for (int l = 0; l < w->layers; l++)
        ns += w->ns[l];
    return (double)ns / 1e9;
}

/* `turns`: NULL if the calls are not judged. */
static void watch_calls(struct watch *w, const struct eo_bench_subject *subject, int batch, struct series *s,
                        struct eo_bench_turns *turns, enum eo_bench_size size)
{
    uint64_t start = eo_clock_now_ns();

    for (int n = 0; n < CALLS_MOST && (n < CALLS_LEAST || eo_clock_now_ns() - start < MEASURE_NS); n++) {
        watch_begin(w);
        subject->call(subject->ctx, batch);
        series_add(s, w, batch);
        if (turns)
            eo_bench_turn_add(turns, size, seconds_of_call(w));
    }
}

/* A network that does nothing, as often as the batch says. */
static void call_empty(void *ctx, int batch)
{
    const struct watch *w = ctx;

    for (int i = 0; i < batch; i++) {
        for (int l = 0; l < w->layers; l++)
            mark(ctx, l);
    }
    mark(ctx, w->layers);
}

static void find_overhead(struct watch *w, struct series *s)
{
    struct eo_bench_subject empty = {call_empty, w};
    double cost[EO_NETWORK_LAYERS][EO_LAYER_FIGURES] = {{0}};

    memset(w->overhead, 0, sizeof(w->overhead));
    watch_calls(w, &empty, EMPTY_MARKS, s, NULL, EO_BENCH_BATCH);
    series_medians(s, w->layers, cost);
    /* Not the first layer if there are more: it begins after a pause. */
    memcpy(w->overhead, cost[w->layers > 1], sizeof(w->overhead));
}

static void warm_up(const struct eo_bench_subject *subject, int batch)
{
    uint64_t start = eo_clock_now_ns();

    do
        subject->call(subject->ctx, batch);
    while (eo_clock_now_ns() - start < WARMUP_NS);
}

static int has_hardware(struct eo_counters *counters)
{
    struct eo_counts n;

    eo_counters_start(counters);
    eo_counters_stop(counters, &n);
    return !isnan(n.cycles) || !isnan(n.instructions) || !isnan(n.l1d_misses) || !isnan(n.llc_misses) ||
           !isnan(n.branch_misses);
}

/* All turns of one way of watching; fills in `costs` the figures that it sees. */
static void watch_turns(struct watch *w, const struct eo_bench_subject *subject,
                        const int images[EO_BENCH_SIZES], struct series *const s[EO_BENCH_SIZES],
                        struct eo_bench_turns *turns, struct eo_layer_costs *costs)
{
    watch_begin(w);
    find_overhead(w, s[EO_BENCH_BATCH]);
    for (int turn = 0; turn < EO_BENCH_TURNS; turn++) {
        if (turns)
            eo_bench_turn_begin(turns);
        for (int k = 0; k < EO_BENCH_SIZES; k++) {
            warm_up(subject, images[k]);
            watch_calls(w, subject, images[k], s[k], turns, (enum eo_bench_size)k);
        }
        if (turns)
            eo_bench_turn_end(turns);
    }
    for (int k = 0; k < EO_BENCH_SIZES; k++)
        series_medians(s[k], w->layers, costs->of[k]);
}

static void forget_all(struct eo_layer_costs *costs)
{
    for (int k = 0; k < EO_BENCH_SIZES; k++)
        for (int l = 0; l < EO_NETWORK_LAYERS; l++)
            for (int f = 0; f < EO_LAYER_FIGURES; f++)
                costs->of[k][l][f] = NAN;
}

int eo_bench_layers_measure(struct eo_layer_costs *costs, struct eo_bench_engine *engine,
                            struct eo_counters *counters, int cpu, struct eo_err *err)
{
    const struct eo_bench_subject subject = eo_bench_engine_subject(engine);
    const int images[EO_BENCH_SIZES] = {eo_bench_engine_batch(engine), 1};
    struct watch w = {.layers = eo_bench_engine_layers(engine)};
    struct series *all = eo_alloc(EO_BENCH_SIZES * (size_t)w.layers, sizeof(*all), err);
    struct series *const s[EO_BENCH_SIZES] = {all, all + w.layers};
    struct eo_bench_turns turns = {0};
    int rc = -1;

    if (!all || eo_bench_turns_init(&turns, images, EO_BENCH_SIZES * CALLS_MOST, cpu, err))
        goto out;
    forget_all(costs);
    eo_bench_engine_set_mark(engine, mark, &w);
    watch_turns(&w, &subject, images, s, &turns, costs);
    if (has_hardware(counters)) {
        w.counters = counters;
        watch_turns(&w, &subject, images, s, NULL, costs);
    }
    eo_bench_engine_set_mark(engine, NULL, NULL);
    snprintf(costs->counters_note, sizeof(costs->counters_note), "%s", eo_counters_note(counters));
    rc = eo_bench_turns_judge(&turns, &costs->verdict, err);
out:
    eo_bench_turns_release(&turns);
    free(all);
    return rc;
}

int eo_bench_layers(struct eo_layer_costs *costs, const struct eo_model *m, const struct eo_images *images,
                    const struct eo_bench_plan *plan, struct eo_err *err)
{
    struct eo_bench_engine *engine = NULL;
    struct eo_counters *counters = NULL;
    int cpu, rc = -1;

    if (eo_pin_self(plan->cpu, &cpu, err))
        return -1;
    counters = eo_counters_open(err);
    engine = counters ? eo_bench_engine_new(m, images, plan->isa, 1, plan->batch, err) : NULL;
    if (engine)
        rc = eo_bench_layers_measure(costs, engine, counters, cpu, err);
    eo_bench_engine_free(engine);
    eo_counters_close(counters);
    return rc;
}

/* ---- text ----------------------------------------------------------------------------------------------------- */

static void put_costs(struct eo_buf *out, double macs, const double x[EO_LAYER_FIGURES], double whole_ms,
                      char end)
{
    eo_csv_put_double(out, x[EO_LAYER_MS], ',');
    eo_csv_put_double(out, x[EO_LAYER_MS] / whole_ms, ',');
    eo_csv_put_double(out, macs / (x[EO_LAYER_MS] * 1e6), ',');
    eo_csv_put_double(out, x[EO_LAYER_CYCLES], ',');
    eo_csv_put_double(out, x[EO_LAYER_INSTRUCTIONS], ',');
    eo_csv_put_double(out, x[EO_LAYER_INSTRUCTIONS] / x[EO_LAYER_CYCLES], ',');
    eo_csv_put_double(out, x[EO_LAYER_L1D_MISSES], ',');
    eo_csv_put_double(out, x[EO_LAYER_LLC_MISSES], ',');
    eo_csv_put_double(out, x[EO_LAYER_BRANCH_MISSES], end);
}

static void put_header(struct eo_buf *out)
{
    static const char *const prefix[EO_BENCH_SIZES] = {"", "single_"};
    static const char *const columns[] = {"time_ms",    "time_share",   "gmacs_per_s",
                                          "cycles",     "instructions", "ipc",
                                          "l1d_misses", "llc_misses",   "branch_misses"};

    eo_buf_puts(out, "layer,input_bytes,output_bytes,total_bytes,macs");
    for (size_t k = 0; k < EO_BENCH_SIZES; k++)
        for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
            eo_buf_printf(out, ",%s%s", prefix[k], columns[i]);
    eo_buf_puts(out, ",timing_status,timing_reason\n");
}

static void put_row(struct eo_buf *out, const char *name, const size_t bytes[3], size_t macs,
                    const double batch[EO_LAYER_FIGURES], const double single[EO_LAYER_FIGURES],
                    const double whole[EO_BENCH_SIZES][EO_LAYER_FIGURES], const struct eo_verdict *verdict)
{
    eo_buf_printf(out, "%s,%zu,%zu,%zu,%zu,", name, bytes[0], bytes[1], bytes[2], macs);
    put_costs(out, (double)macs, batch, whole[EO_BENCH_BATCH][EO_LAYER_MS], ',');
    put_costs(out, (double)macs, single, whole[EO_BENCH_SINGLE][EO_LAYER_MS], ',');
    eo_csv_put_text(out, eo_timing_status_name(verdict->status), ',');
    eo_csv_put_text(out, verdict->reason, '\n');
}

/* The input of an operation, and what it adds. */
static size_t read_by(const struct eo_arena_graph *g, const struct eo_arena_op *op)
{
    int adds = op->added >= 0 && op->added != op->in;

    return g->tensor[op->in].bytes + (adds ? g->tensor[op->added].bytes : 0);
}

void eo_bench_put_layers(struct eo_buf *out, const struct eo_model *m, const struct eo_layer_costs *costs)
{
    double whole[EO_BENCH_SIZES][EO_LAYER_FIGURES] = {{0}};
    const struct eo_network *net = &m->network;
    struct eo_arena_graph g;

    eo_arena_graph_make(&g, net, m->precision, EO_ARENA_FUSED);
    for (int k = 0; k < EO_BENCH_SIZES; k++)
        for (int l = 0; l < net->count; l++)
            for (int f = 0; f < EO_LAYER_FIGURES; f++)
                whole[k][f] += costs->of[k][l][f];
    put_header(out);
    for (int l = 0; l < net->count; l++) {
        const size_t bytes[3] = {read_by(&g, &g.op[1 + l]), g.tensor[g.op[1 + l].out].bytes,
                                 eo_arena_live(g.tensor, g.tensor_count, 1 + l)};

        put_row(out, net->layer[l].name, bytes, eo_network_layer_macs(&net->layer[l]),
                costs->of[EO_BENCH_BATCH][l], costs->of[EO_BENCH_SINGLE][l], whole, &costs->verdict);
    }
    put_row(out, "total",
            (const size_t[3]){g.tensor[0].bytes, g.tensor[g.tensor_count - 1].bytes,
                              eo_arena_lower_bound(g.tensor, g.tensor_count)},
            eo_network_macs(net), whole[EO_BENCH_BATCH], whole[EO_BENCH_SINGLE], whole, &costs->verdict);
}
