/* eo_bench_layers: on counters that are made up, so that what every layer has to show is known; and its text. */
#include "stage/bench/layers.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "machine/clock.h"
#include "machine/counters_internal.h"
#include "tests/unit/check.h"
#include "tests/unit/random_model.h"

/* ---- counters: cycles are three a nanosecond, and each reading takes 7 instructions and 2 branch misses --------- */

enum { CYCLES, INSTRUCTIONS, BRANCH_MISSES, L1D_MISSES, LLC_MISSES, SOFTWARE, EVENTS };

static int refuse_all;
static uint64_t readings[EVENTS];

static int fake_open(struct perf_event_attr *attr, int group)
{
    (void)group;
    if (attr->type == PERF_TYPE_SOFTWARE)
        return 10 + SOFTWARE;
    errno = ENOENT;
    if (refuse_all)
        return -1;
    if (attr->type == PERF_TYPE_HW_CACHE)
        return (attr->config & 0xff) == PERF_COUNT_HW_CACHE_L1D ? 10 + L1D_MISSES : -1;
    return attr->config == PERF_COUNT_HW_CPU_CYCLES     ? 10 + CYCLES
           : attr->config == PERF_COUNT_HW_INSTRUCTIONS ? 10 + INSTRUCTIONS
                                                        : 10 + BRANCH_MISSES;
}

/* Cache misses ran for half of the time. */
static ssize_t fake_read(int fd, void *bytes, size_t size)
{
    int e = fd - 10;
    uint64_t now = eo_clock_now_ns(), n = ++readings[e];
    uint64_t values[3] = {n, 1000 * n, 1000 * n};

    if (e == CYCLES)
        values[0] = 3 * now;
    else if (e == INSTRUCTIONS)
        values[0] = 7 * n;
    else if (e == BRANCH_MISSES)
        values[0] = 2 * n;
    else if (e == L1D_MISSES) {
        values[0] = now;
        values[2] = 500 * n;
    }
    memcpy(bytes, values, size);
    return (ssize_t)size;
}

static int fake_close(int fd)
{
    (void)fd;
    return 0;
}

static const struct eo_counter_system fake = {fake_open, fake_read, fake_close, "/nonexistent"};

/* ---- what is measured ------------------------------------------------------------------------------------------- */

static int measure(struct eo_layer_costs *costs, enum eo_precision precision, int batch)
{
    struct eo_err err = {""};
    struct eo_counters *c = eo_counters_open_on(&fake, &err);
    struct eo_bench_engine *e;
    struct eo_model m;
    int ok;

    random_model(&m, precision, 8, 100, 1);
    e = eo_bench_engine_new(&m, NULL, eo_isa_best(), 1, batch, &err);
    ok = check_that(c && e && !eo_bench_layers_measure(costs, e, c, -1, &err), "%d images: %s", batch,
                    err.msg);
    eo_bench_engine_free(e);
    eo_counters_close(c);
    random_model_release(&m);
    return ok;
}

static void check_near(const char *what, int layer, double expected, double found)
{
    check_that(found > expected / 4 && found < expected * 4, "%s of layer %d: expected about %g, found %g",
               what, layer, expected, found);
}

static void check_all(const double x[EO_SMALLCNN_LAYERS][EO_LAYER_FIGURES])
{
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        check_that(x[l][EO_LAYER_MS] > 0 && x[l][EO_LAYER_MS] < 1000, "time of layer %d: found %g ms", l,
                   x[l][EO_LAYER_MS]);
        check_near("cycles", l, 3e6 * x[l][EO_LAYER_MS], x[l][EO_LAYER_CYCLES]);
        check_near("l1d misses, scaled", l, 2e6 * x[l][EO_LAYER_MS], x[l][EO_LAYER_L1D_MISSES]);
        check_that(x[l][EO_LAYER_INSTRUCTIONS] == 0,
                   "instructions of layer %d: expected no trace of the readings, found %g", l,
                   x[l][EO_LAYER_INSTRUCTIONS]);
        check_that(x[l][EO_LAYER_BRANCH_MISSES] == 0, "branch misses of layer %d: expected 0, found %g", l,
                   x[l][EO_LAYER_BRANCH_MISSES]);
        check_that(isnan(x[l][EO_LAYER_LLC_MISSES]), "llc misses of layer %d: expected none, found %g", l,
                   x[l][EO_LAYER_LLC_MISSES]);
    }
    check_that(x[EO_CONV2][EO_LAYER_MS] > x[EO_CLASSIFIER][EO_LAYER_MS],
               "conv2 does 14 times the work of the classifier: found %g and %g ms", x[EO_CONV2][EO_LAYER_MS],
               x[EO_CLASSIFIER][EO_LAYER_MS]);
}

static void test_measure(void)
{
    struct eo_layer_costs costs;

    if (measure(&costs, EO_INT8, 48)) {
        check_all(costs.of[EO_BENCH_BATCH]);
        check_all(costs.of[EO_BENCH_SINGLE]);
    }
    refuse_all = 1;
    if (measure(&costs, EO_FP16, 1)) {
        for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
            check_that(costs.of[EO_BENCH_SINGLE][l][EO_LAYER_MS] > 0, "no time without counters");
            check_that(isnan(costs.of[EO_BENCH_BATCH][l][EO_LAYER_CYCLES]) &&
                           isnan(costs.of[EO_BENCH_BATCH][l][EO_LAYER_INSTRUCTIONS]),
                       "figures of counters that are not there");
        }
    }
    refuse_all = 0;
}

/* ---- the text --------------------------------------------------------------------------------------------------- */

static void test_text(void)
{
    static const char expected[] =
        "layer,input_bytes,output_bytes,total_bytes,macs,"
        "time_ms,time_share,gmacs_per_s,cycles,instructions,ipc,l1d_misses,llc_misses,branch_misses,"
        "single_time_ms,single_time_share,single_gmacs_per_s,single_cycles,single_instructions,single_ipc,"
        "single_l1d_misses,single_llc_misses,single_branch_misses,timing_status,timing_reason\n"
        "conv1,784,784,1568,28224,0.5,0.25,0.056448,1000.0,3000.0,3.0,10.0,,2.0,0.25,1.0,0.112896,,,,,,,"
        "drift,why\n"
        "conv2,784,294,1078,42336,1.0,0.5,0.042336,2000.0,1000.0,0.5,20.0,,4.0,0.0,0.0,,,,,,,,drift,why\n"
        "classifier,294,40,334,2940,0.5,0.25,0.00588,1000.0,0.0,0.0,30.0,,6.0,0.0,0.0,,,,,,,,drift,why\n"
        "total,784,40,1568,73500,2.0,1.0,0.03675,4000.0,4000.0,1.0,60.0,,12.0,0.25,1.0,0.294,,,,,,,drift,"
        "why\n";
    struct eo_layer_costs costs = {
        .of = {{{0.5, 1000, 3000, 10, NAN, 2}, {1, 2000, 1000, 20, NAN, 4}, {0.5, 1000, 0, 30, NAN, 6}},
               {{0.25, NAN, NAN, NAN, NAN, NAN}, {0, NAN, NAN, NAN, NAN, NAN}, {0, NAN, NAN, NAN, NAN, NAN}}},
        .verdict = {.status = EO_TIMING_DRIFT, .reason = "why"}};
    struct eo_buf text = {0};
    struct eo_model m;

    random_model(&m, EO_INT8, 4, 6, 1);
    eo_bench_put_layers(&text, &m, &costs);
    check_text("layers", expected, text.data);
    eo_buf_release(&text);
    random_model_release(&m);
}

struct bytes_case {
    enum eo_precision precision;
    int c1, c2;
    const char *rows[EO_SMALLCNN_LAYERS + 1];
};

/* Sizes worked out by hand; class scores take 4 bytes at every precision. */
static const struct bytes_case bytes_cases[] = {
    {EO_FP32,
     16,
     32,
     {"conv1,3136,12544,15680,", "conv2,12544,6272,18816,", "classifier,6272,40,6312,",
      "total,3136,40,18816,"}},
    {EO_FP16,
     8,
     16,
     {"conv1,1568,3136,4704,", "conv2,3136,1568,4704,", "classifier,1568,40,1608,", "total,1568,40,4704,"}},
    {EO_FP32,
     5,
     10,
     {"conv1,3136,3920,7056,", "conv2,3920,1960,5880,", "classifier,1960,40,2000,", "total,3136,40,7056,"}},
};

static void test_bytes(const struct bytes_case *c)
{
    struct eo_layer_costs costs = {0};
    struct eo_buf text = {0};
    struct eo_model m;
    const char *at;

    random_model(&m, c->precision, c->c1, c->c2, 1);
    eo_bench_put_layers(&text, &m, &costs);
    at = text.data;
    for (int l = 0; l <= EO_SMALLCNN_LAYERS && at; l++) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
        check_that(at && strncmp(at, c->rows[l], strlen(c->rows[l])) == 0, "bytes: expected '%s', found '%s'",
                   c->rows[l], at ? at : "");
    }
    eo_buf_release(&text);
    random_model_release(&m);
}

/* A model on this machine and its counters; and a processor that nobody has. */
static void test_model(void)
{
    struct eo_bench_plan plan = {.batch = 3, .cpu = -1, .isa = EO_ISA_GENERIC};
    struct eo_layer_costs costs;
    struct eo_err err = {""};
    struct eo_model m;

    random_model(&m, EO_FP32, 1, 1, 1);
    check_that(!eo_bench_layers(&costs, &m, NULL, &plan, &err), "a model: %s", err.msg);
    check_that(isnan(costs.of[0][0][EO_LAYER_CYCLES]) == (costs.counters_note[0] != '\0'),
               "expected a note or cycles, found '%s' and %g", costs.counters_note,
               costs.of[0][0][EO_LAYER_CYCLES]);
    plan.cpu = 100000;
    check_that(eo_bench_layers(&costs, &m, NULL, &plan, &err), "a processor that is not there");
    check_text("message", "expected a processor that this process may run on, found 100000", err.msg);
    random_model_release(&m);
}

int main(void)
{
    test_measure();
    test_text();
    for (size_t i = 0; i < sizeof(bytes_cases) / sizeof(bytes_cases[0]); i++)
        test_bytes(&bytes_cases[i]);
    test_model();
    return check_report("test_bench_layers");
}
