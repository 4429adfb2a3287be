/* lib/stage/export: how texts are filled in, and the constants of int8 code. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "nn/quantised.h"
#include "stage/export/export.h"
#include "stage/export/numbers.h"
#include "stage/export/text.h"
#include "tests/unit/check.h"

/* ---- texts ---- */

static void fill(const char *text, const char *want)
{
    static const char *const flags[] = {"on", NULL};
    static const struct eo_text_part parts[] = {{"part", "int net_x;\n"}, {"n", "16"}, {NULL, NULL}};
    const struct eo_text how = {"digits", flags, parts};
    struct eo_buf out = {0};

    eo_text_fill(&how, text, &out);
    check_text(text, want, out.data ? out.data : "");
    eo_buf_release(&out);
}

static void test_text(void)
{
    fill("", "");
    fill("a net_b NET_C net cnet_d\n", "a digits_b DIGITS_C net cnet_d\n");
    fill("//@put part\n", "int digits_x;\n");
    fill("#define NET_N //@put n\n", "#define DIGITS_N 16\n");
    fill("//@if on\n1\n//@else\n2\n//@end\n3\n", "1\n3\n");
    fill("//@if off\n1\n//@else\n2\n//@end\n3\n", "2\n3\n");
    fill("//@if off\n//@if on\n1\n//@else\n2\n//@end\n//@put part\n//@else\n4\n//@end\n", "4\n");
}

/* ---- numbers ---- */

/* A model whose factors are scale * next of the two convolutions. */
static void make(struct eo_model *m, const float factor[4])
{
    struct eo_err err;

    if (eo_model_init(m, EO_INT8, (struct eo_shape){2, 2}, &err))
        check_that(0, "model: %s", err.msg);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        m->layer[l].input_scale = 1;
        for (int o = 0; o < eo_shape_outputs(&m->shape, (enum eo_smallcnn_layer)l); o++)
            m->layer[l].weight_scale[o] = l == EO_CLASSIFIER ? 1 : factor[2 * l + o];
    }
}

/* As net_activation() of text/int8.c computes it, without the bias. */
static uint32_t activation(const struct eo_numbers *n, int channel, int32_t sum)
{
    uint32_t high, limit = (uint32_t)n->limit[channel > 1], q;

    if (sum <= 0)
        return 0;
    high = (uint32_t)((uint64_t)((uint32_t)sum << n->up) * n->multiplier[channel] >> 32);
    q = ((high >> n->shift[channel]) + 1) >> 1;
    return q < limit ? q : limit;
}

static int differs(const struct eo_numbers *n, const struct eo_s8_params *p, int channel, int32_t sum)
{
    struct eo_requant rq = channel > 1 ? p->conv2[channel - 2] : p->conv1[channel];
    int32_t q = eo_requant_apply(rq, sum);

    q = q > 0 ? q < 127 ? q : 127 : 0;
    return activation(n, channel, sum) != (uint32_t)q;
}

/* Factors on both sides of each limit of requant.h, with sums near all rounding points and at the ends. */
static void test_requantisation(void)
{
    static const float factors[][4] = {{0.99999994f, 0.5f, 0.49999997f, 0.25f},
                                       {0.3f, 0.24999999f, 0.26f, 0.49f},
                                       {0.1f, 0.003f, 1e-4f, 7e-7f},
                                       {0.75f, 0x1p-29f, 0x1.8p-30f, 0x1p-31f},
                                       {0x1p-30f, 0x1p-31f, 0x1p-32f, 0x1p-40f}};
    struct eo_rng rng;

    eo_rng_init(&rng, 1, EO_RNG_INIT);
    for (size_t f = 0; f < sizeof(factors) / sizeof(*factors); f++) {
        struct eo_model m = {0};
        struct eo_numbers n;
        struct eo_s8_params p;
        struct eo_err err = {""};
        int wrong = 0;

        make(&m, factors[f]);
        if (eo_numbers_make(&n, &m, &err) || eo_s8_params_init(&p, &m, &err)) {
            check_that(0, "factors %zu: %s", f, err.msg);
            continue;
        }
        for (int c = 0; c < 4; c++) {
            for (int32_t s = -300; s < 300; s++) {
                int32_t at =
                    (int32_t)(fabsf((float)(s / 2) / factors[f][c]) < 2e9f ? (float)(s / 2) / factors[f][c]
                                                                           : 0);

                wrong += differs(&n, &p, c, s) + differs(&n, &p, c, at + s % 2);
                wrong +=
                    differs(&n, &p, c, (int32_t)eo_rng_u64(&rng)) + differs(&n, &p, c, INT32_MAX - 300 + s);
            }
        }
        check_that(wrong == 0, "factors %zu: %d activations differ from requant.h", f, wrong);
        eo_model_release(&m);
    }
}

static void test_input(void)
{
    static const int zero_points[] = {0, 64, 127};
    static const float scales[] = {2.0f / 127, 2.0f / 255, 0.01f, 0.5f};

    for (int i = 0; i < 12; i++) {
        const float half[4] = {0.5f, 0.5f, 0.5f, 0.5f};
        struct eo_model m = {0};
        struct eo_numbers n;
        struct eo_err err = {""};
        int wrong = 0;

        make(&m, half);
        m.layer[EO_CONV1].input_scale = scales[i % 4];
        m.layer[EO_CONV1].weight_scale[0] = m.layer[EO_CONV1].weight_scale[1] = 1e-3f;
        m.layer[EO_CONV1].input_zero_point = zero_points[i / 4];
        check_that(eo_numbers_make(&n, &m, &err) == 0, "input %d: %s", i, err.msg);
        for (int p = 0; p < 256 && n.input_is_linear; p++)
            wrong += (p * n.input_factor + n.input_offset) >> 16 != n.input[p];
        check_that(wrong == 0, "input %d: %d of 256 grey values differ from the table", i, wrong);
        if (i == 4)
            check_that(n.input_is_linear, "input %d: expected a line, found a table", i);
        eo_model_release(&m);
    }
}

/* --fast sums four times the values, so the largest biases are refused; without it they are not. */
static void test_fast_limit(void)
{
    const float half[4] = {1e-3f, 1e-3f, 1e-3f, 1e-3f};
    struct eo_export how = {.prefix = "x", .file = "x", .model_sha256 = ""};
    struct eo_buf header = {0}, source = {0};
    struct eo_model m = {0};
    struct eo_err err = {""};

    make(&m, half);
    m.layer[EO_CONV2].bias.s32[1] = 1 << 29;
    check_that(eo_export_make(&how, &m, &header, &source, &err) == 0, "large bias: %s", err.msg);
    how.is_fast = 1;
    check_that(eo_export_make(&how, &m, &header, &source, &err) != 0, "large bias, fast: expected a failure");
    check_text("large bias, fast", "layer 'conv2', channel 1: sums up to 536870912 are too large for --fast",
               err.msg);
    m.layer[EO_CONV2].bias.s32[1] = -(1 << 29) + 1;
    check_that(eo_export_make(&how, &m, &header, &source, &err) == 0, "bias within the limit: %s", err.msg);
    eo_buf_release(&header);
    eo_buf_release(&source);
    eo_model_release(&m);
}

int main(void)
{
    test_fast_limit();
    test_text();
    test_requantisation();
    test_input();
    return check_report("test_export");
}
