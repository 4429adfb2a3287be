/*
 * The requantisation step, completely: for a multiplier, every accumulator that its layer can reach against an oracle.
 *
 * The oracle walks: from one accumulator to the next the numerator acc * m + 2^(s - 1) grows by m, so quotient and
 * remainder by 2^s are carried along with additions alone; every 4096th step is compared with a division of
 * 128-bit integers.
 *
 *     test_requant             one set of multipliers (58, as a network of 16 and 32 channels has), and edge cases
 *     EO_TEST_FULL=1           five such sets, all of a vector's lanes
 *     test_requant MODEL...    besides, all multipliers of these int8 models over what their weights can reach
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/kernels/s8.h"
#include "tests/unit/check.h"

__extension__ typedef __int128 wide;

static int64_t floor_shift(wide x, int shift)
{
    wide unit = (wide)1 << shift, q = x / unit;

    return (int64_t)(x % unit < 0 ? q - 1 : q);
}

static void report(const char *what, struct eo_requant rq, int64_t acc, int64_t expected, int64_t found)
{
    check_that(0, "%s: multiplier %d, shift %d, accumulator %lld: expected %lld, found %lld", what, rq.multiplier,
               rq.shift, (long long)acc, (long long)expected, (long long)found);
}

/* All accumulators in low..high. */
static void check_range(struct eo_requant rq, int32_t low, int32_t high)
{
    uint64_t unit = (uint64_t)1 << rq.shift, rest;
    wide numerator = (wide)low * rq.multiplier + ((wide)1 << (rq.shift - 1));
    int64_t q = floor_shift(numerator, rq.shift);

    rest = (uint64_t)(numerator - (wide)q * (wide)unit);
    for (int64_t acc = low; acc <= high; acc++) {
        int32_t found = eo_requant_apply(rq, (int32_t)acc);

        if (acc % 4096 == 0 && q != floor_shift((wide)acc * rq.multiplier + ((wide)1 << (rq.shift - 1)), rq.shift)) {
            check_that(0, "the oracle is wrong at %lld", (long long)acc);
            return;
        }
        if (found != q) {
            report("eo_requant_apply", rq, acc, q, found);
            return;
        }
        rest += (uint64_t)rq.multiplier;
        if (rest >= unit) { /* the multiplier is below 2^31, the unit at least that */
            rest -= unit;
            q++;
        }
    }
    passed++;
}

/* One multiplier over +-limit, and at the ends of the 32-bit range. */
static void check_factor(double factor, int32_t limit)
{
    struct eo_requant rq;
    struct eo_err err;

    if (eo_requant_make(factor, &rq, &err)) {
        check_that(0, "factor %g: %s", factor, err.msg);
        return;
    }
    check_range(rq, -limit, limit);
    check_range(rq, INT32_MAX - 9, INT32_MAX);
    check_range(rq, -INT32_MAX, -INT32_MAX + 9);
}

static double random_factor(struct eo_rng *rng, double low, double high)
{
    return low + (high - low) * (double)eo_rng_f32(rng);
}

/* Typical factors of the three layers, each over everything its sums can reach with the largest activations. */
static void check_network(struct eo_rng *rng)
{
    for (int c = 0; c < 16; c++)
        check_factor(random_factor(rng, 0.0005, 0.02), 9 * 255 * 128 + 10000);
    for (int c = 0; c < 32; c++)
        check_factor(random_factor(rng, 0.0001, 0.01), 144 * 255 * 128 + 100000);
    for (int c = 0; c < 10; c++)
        check_factor(c ? random_factor(rng, 0.3, 1) : nextafter(1, 0), 1568 * 255 * 128 + 1000000);
}

static void check_make(void)
{
    static const struct {
        double factor;
        int32_t multiplier, shift; /* multiplier -1: refused */
    } cases[] = {
        {0.5, 1 << 30, 31},          {0.75, 3 << 29, 31},      {0.25, 1 << 30, 32},    {0x1p-32, 1 << 30, 62},
        {0x1p-33, 0, 31},            {0x1p-1000, 0, 31},       {1 - 0x1p-53, 2147483647, 31},
        {0.5 - 0x1p-54, 1 << 30, 31}, {1 - 0x1p-31, 2147483647, 31}, {0, -1, 0},       {1, -1, 0},
        {-0.5, -1, 0},               {2, -1, 0},               {INFINITY, -1, 0},      {NAN, -1, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_requant rq = {-1, 0};
        struct eo_err err;
        int rc = eo_requant_make(cases[i].factor, &rq, &err);

        check_that(rc ? cases[i].multiplier == -1 : rq.multiplier == cases[i].multiplier && rq.shift == cases[i].shift,
                   "eo_requant_make(%a): expected %d, %d, found %d, %d (%s)", cases[i].factor, cases[i].multiplier,
                   cases[i].shift, rq.multiplier, rq.shift, rc ? "refused" : "accepted");
    }
}

/* The multiplier is the factor rounded to 31 bits. */
static void check_make_error(struct eo_rng *rng)
{
    for (int i = 0; i < 10000; i++) {
        double factor = ldexp(1 + (double)eo_rng_f32(rng), -1 - (int)eo_rng_below(rng, 31));
        struct eo_requant rq;

        if (eo_requant_make(factor, &rq, NULL) || rq.multiplier < 1 << 30 || rq.shift < 31 || rq.shift > 62 ||
            fabs(ldexp(factor, rq.shift) - rq.multiplier) > 0.5) {
            check_that(0, "eo_requant_make(%a): %d, %d is not the nearest", factor, rq.multiplier, rq.shift);
            return;
        }
    }
    passed++;
}

/* An accumulator of layer l of a model: the bounds that its weights and the activations' range allow. */
static void model_range(const struct eo_model *m, int l, int o, int32_t *low, int32_t *high)
{
    const struct eo_model_layer *layer = &m->layer[l];
    size_t terms = (size_t)eo_shape_terms(&m->shape, (enum eo_smallcnn_layer)l);
    int64_t below = -layer->input_zero_point, above = eo_backend_activation_max(m->backend) + below;
    int64_t min = layer->bias.s32[o], max = min;

    for (size_t i = (size_t)o * terms; i < (size_t)(o + 1) * terms; i++) {
        int64_t w = layer->weight.s8[i];

        min += w < 0 ? w * above : w * below;
        max += w < 0 ? w * below : w * above;
    }
    *low = (int32_t)min;
    *high = (int32_t)max;
}

static void check_model(const char *path)
{
    struct eo_model m = {0};
    static struct eo_s8_params params;
    struct eo_err err;
    const struct eo_requant *layers[EO_SMALLCNN_LAYERS] = {params.conv1, params.conv2, params.classifier};

    if (eo_model_load(&m, path, NULL, &err) || m.precision != EO_INT8 || eo_s8_params_init(&params, &m, &err)) {
        check_that(0, "%s: not an int8 model", path);
    } else {
        for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
            for (int o = 0; o < eo_shape_outputs(&m.shape, (enum eo_smallcnn_layer)l); o++) {
                int32_t low, high;

                model_range(&m, l, o, &low, &high);
                check_range(layers[l][o], low, high);
            }
    }
    eo_model_release(&m);
}

/* ---- the vector forms ------------------------------------------------------------------------------------------ */

static uint8_t scalar(struct eo_requant rq, int32_t acc, int limit, int zero)
{
    int32_t y = eo_requant_apply(rq, acc);

    return (uint8_t)(zero + (y < 0 ? 0 : y > limit ? limit : y));
}

/* Accumulators low, low + step, ... through both vector forms. */
static void check_vectors(const char *name, const struct eo_s8_kernels *k, const struct eo_requant rq[16], int64_t low,
                          int64_t high, int64_t step, int limit, int zero)
{
    struct eo_s8_factor factor[16];
    uint8_t quads[64 + 16], rows[64 + 16];
    int32_t acc[64];
    int lanes = k->lanes;

    for (int i = 0; i < 16; i++)
        factor[i] = eo_s8_factor_make(rq[i]);
    memset(quads, 0x5a, sizeof(quads));
    memset(rows, 0x5a, sizeof(rows));
    for (int64_t at = low; at <= high; at += 4 * lanes * step) {
        for (int i = 0; i < 4 * lanes; i++)
            acc[i] = (int32_t)(at + i * step <= high ? at + i * step : high);
        k->requantise(acc, factor, limit, zero, quads, rows);
        for (int i = 0; i < 4 * lanes; i++) {
            int c = i / lanes, l = i % lanes;
            uint8_t batch = scalar(rq[c], acc[i], limit, zero), single = scalar(rq[l], acc[i], limit, zero);

            if (quads[4 * l + c] != batch || rows[i] != single) {
                report(name, rq[c], acc[i], batch, quads[4 * l + c]);
                report(name, rq[l], acc[i], single, rows[i]);
                return;
            }
        }
    }
    for (int i = 4 * lanes; i < 64 + 16; i++)
        if (quads[i] != 0x5a || rows[i] != 0x5a) {
            check_that(0, "%s: wrote behind its outputs", name);
            return;
        }
    passed++;
}

static void check_kernels(const char *name, const struct eo_s8_kernels *k, int full, struct eo_rng *rng)
{
    struct eo_requant rq[16];

    for (int round = 0; round < (full ? 20 : 4); round++) {
        for (int i = 0; i < 16; i++)
            (void)!eo_requant_make(random_factor(rng, 0.00005, round & 1 ? 0.99 : 0.005), &rq[i], NULL);
        rq[round % 4] = (struct eo_requant){round & 1 ? 2147483647 : 1 << 30, round & 2 ? 62 : 31};
        check_vectors(name, k, rq, -300000, 300000, 1, round & 1 ? 127 : 255, 0);
        check_vectors(name, k, rq, -4800000, 4800000, full ? 1 : 7, round & 1 ? 100 : 200, round & 1 ? 27 : 55);
        check_vectors(name, k, rq, -INT32_MAX, INT32_MAX, 999983, 127, 128);
    }
}

int main(int argc, char **argv)
{
    int full = getenv("EO_TEST_FULL") != NULL;
    struct eo_rng rng;

    eo_rng_init(&rng, 1, EO_RNG_INIT);
    check_make();
    check_make_error(&rng);
    for (int i = 0; i < (full ? 5 : 1); i++)
        check_network(&rng);
    check_kernels("generic", eo_s8_kernels_generic(), full, &rng);
#if defined(__x86_64__)
    if (eo_isa_available(EO_ISA_AVX2)) {
        check_kernels("avx2-narrow", eo_s8_kernels_avx2(), full, &rng);
        check_kernels("avx2-wide", eo_s8_kernels_avx2_wide(), full, &rng);
    }
    if (eo_isa_available(EO_ISA_AVX512))
        check_kernels("avx512", eo_s8_kernels_avx512(), full, &rng);
#elif defined(__aarch64__)
    check_kernels("neon", eo_s8_kernels_neon(), full, &rng);
#endif
    for (int i = 1; i < argc; i++)
        check_model(argv[i]);
    return check_report("test_requant");
}
