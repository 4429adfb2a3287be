/*
 * int8 of any network: what the conversion makes of small ones answers as their floats do, has the same bits on each
 * instruction set, has a file of its own, and what a file must not say is refused.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/infer.h"
#include "nn/ref.h"
#include "stage/quant/bias_correction.h"
#include "stage/quant/equalize.h"
#include "stage/quant/quant.h"
#include "tests/unit/check.h"
#include "tests/unit/networks.h"

#define IMAGES 48
#define CLASSES 16

static uint8_t pixels[IMAGES * 1000];

static void must(int rc, const struct eo_err *err)
{
    if (rc) {
        printf("stopped: %s\n", err->msg);
        exit(1);
    }
}

static struct eo_images make_images(const struct eo_network *net)
{
    struct eo_rng rng;

    eo_rng_init(&rng, 2, EO_RNG_SYNTHETIC);
    for (size_t i = 0; i < IMAGES * eo_dims_elements(net->input); i++)
        pixels[i] = (uint8_t)eo_rng_below(&rng, 256);
    return (struct eo_images){.pixels = pixels, .count = IMAGES};
}

static struct eo_quant_options options(enum eo_backend backend)
{
    return (struct eo_quant_options){.precision = EO_INT8,
                                     .backend = backend,
                                     .observer = EO_OBSERVER_MINMAX,
                                     .batch_size = IMAGES,
                                     .batches = 1,
                                     .isa = eo_isa_best()};
}

static void convert(const struct eo_model *m, enum eo_backend backend, struct eo_model *q)
{
    const struct eo_quant_options opt = options(backend);
    struct eo_images images = make_images(&m->network);
    static struct eo_calibration cal;
    struct eo_err err;

    must(eo_calibration_run(&cal, m, &images, &opt, &err) || eo_quant_integers(m, &cal, &opt, q, &err), &err);
}

static void logits(const struct eo_model *m, double *out)
{
    static union eo_score scores[IMAGES * CLASSES];
    struct eo_err err;
    struct eo_infer *inf = eo_infer_new(m, eo_isa_best(), IMAGES, &err);

    must(inf == NULL, &err);
    eo_infer_run(inf, pixels, IMAGES, scores);
    for (int i = 0; i < IMAGES * eo_network_classes(&m->network); i++)
        out[i] = eo_infer_logit(inf, scores[i]);
    eo_infer_free(inf);
}

/* Decibels of the logits of q over their distance to those of m; what all images have in common is no signal. */
static double quality(const struct eo_model *m, const struct eo_model *q)
{
    static double a[IMAGES * CLASSES], b[IMAGES * CLASSES];
    int classes = eo_network_classes(&m->network);
    double signal = 0, noise = 0;

    logits(m, a);
    logits(q, b);
    for (int k = 0; k < classes; k++) {
        double mean = 0;

        for (int i = 0; i < IMAGES; i++)
            mean += a[i * classes + k] / IMAGES;
        for (int i = 0; i < IMAGES; i++) {
            signal += pow(a[i * classes + k] - mean, 2);
            noise += pow(a[i * classes + k] - b[i * classes + k], 2);
        }
    }
    return 10 * log10(signal / noise);
}

static void check_file(const char *text, struct eo_model *q)
{
    struct eo_buf first = {0}, second = {0};
    struct eo_model back;
    struct eo_err err;
    char path[] = "/tmp/eo-test-s8-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "wb");

    must(eo_model_serialize(q, &first, &err), &err);
    fwrite(first.data, 1, first.len, f);
    fclose(f);
    must(eo_model_load_network(&back, path, NULL, NULL, &err), &err);
    remove(path);
    must(eo_model_serialize(&back, &second, &err), &err);
    check_that(first.len == second.len && memcmp(first.data, second.data, first.len) == 0,
               "%s: another file after reading", text);
    eo_model_release(&back);
    eo_buf_release(&first);
    eo_buf_release(&second);
}

static void run(const struct eo_engine_ops *ops, const struct eo_model *q, int n, union eo_score *scores)
{
    struct eo_err err;
    void *state = ops->prepare(q, n, &err);

    must(state == NULL, &err);
    ops->run(state, pixels, n, scores);
    ops->release(state);
}

/* The kernels give the bits of the reference, for every number of images. */
static void check_kernels(const char *text, const struct eo_model *q)
{
    static const struct {
        enum eo_isa isa;
        const struct eo_engine_ops *(*get)(void);
    } sets[] = {
        {EO_ISA_GENERIC, eo_general_s8_ops_generic},
#if defined(__x86_64__)
        {EO_ISA_AVX2, eo_general_s8_ops_avx2},
        {EO_ISA_AVX512, eo_general_s8_ops_avx512},
#elif defined(__aarch64__)
        {EO_ISA_NEON, eo_general_s8_ops_neon},
#endif
    };
    static const int counts[] = {1, 3, 4, 8, 15, 16, 17, IMAGES};
    static union eo_score expected[IMAGES * CLASSES], found[IMAGES * CLASSES + 1];

    run(eo_ops_ref(EO_INT8), q, IMAGES, expected);
    for (size_t s = 0; s < sizeof(sets) / sizeof(*sets); s++) {
        for (size_t c = 0; eo_isa_available(sets[s].isa) && c < sizeof(counts) / sizeof(*counts); c++) {
            size_t used = (size_t)(counts[c] * eo_network_classes(&q->network));

            memset(found, 0x5a, sizeof(found));
            run(sets[s].get(), q, counts[c], found);
            check_that(memcmp(found, expected, used * sizeof(*found)) == 0 && found[used].s32 == 0x5a5a5a5a,
                       "%s by %s on %s, %d inputs: other scores", text, eo_backend_name(q->backend),
                       eo_isa_name(sets[s].isa), counts[c]);
        }
    }
}

static void check_network(const char *text)
{
    struct eo_model m, q;
    double db;

    make_random_network(&m, text);
    for (int backend = EO_BACKEND_FBGEMM; backend <= EO_BACKEND_QNNPACK; backend++) {
        convert(&m, (enum eo_backend)backend, &q);
        db = quality(&m, &q);
        check_that(db > (backend == EO_BACKEND_FBGEMM ? 16 : 20), "%s by %s: %.1f dB", text,
                   eo_backend_name((enum eo_backend)backend), db);
        check_kernels(text, &q);
        check_file(text, &q);
        eo_model_release(&q);
    }
    eo_model_release(&m);
}

/* Channels between two layers of one network that differ by a factor of 1,000. */
static void check_corrections(void)
{
    const struct eo_quant_options opt = options(EO_BACKEND_QNNPACK);
    struct eo_images images;
    struct eo_model m, q;
    struct eo_err err;
    double plain, equal, corrected;

    make_random_network(
        &m,
        "input 2x8x8; a: conv 6 3x3 pad 1 relu; b: depthwise 3x3 stride 2 pad 0,0,1,1 relu; c: conv 5 1x1 "
        "relu average 2x2; z: linear 4");
    images = make_images(&m.network);
    for (size_t t = 0; t < 18; t++)
        m.layer[0].weight.f32[t] *= 1024;
    m.layer[0].bias.f32[0] *= 1024;
    for (size_t t = 0; t < 9; t++)
        m.layer[1].weight.f32[t] /= 1024;
    convert(&m, EO_BACKEND_QNNPACK, &q);
    plain = quality(&m, &q);
    eo_model_release(&q);
    eo_equalize(&m);
    convert(&m, EO_BACKEND_QNNPACK, &q);
    equal = quality(&m, &q);
    check_that(equal > plain + 20, "equalised: %.1f dB, before %.1f dB", equal, plain);
    must(eo_bias_correct(&q, &m, &images, &opt, &err), &err);
    corrected = quality(&m, &q);
    check_that(corrected > equal, "biases corrected: %.1f dB, before %.1f dB", corrected, equal);
    eo_model_release(&q);
    eo_model_release(&m);
}

static void refused(struct eo_model *q, const char *what)
{
    struct eo_buf out = {0};
    struct eo_err err = {""};
    int rc = eo_model_serialize(q, &out, &err);

    check_that(rc && strstr(err.msg, what), "expected '%s', found %d '%s'", what, rc, rc ? err.msg : "");
    eo_buf_release(&out);
}

static void check_messages(void)
{
    struct eo_model m, q;
    float scale;

    make_random_network(
        &m, "input 3x8x8; a: conv 4 3x3 pad 1 relu; s: conv 4 1x1 from a; b: conv 4 3x3 pad 1 from a add s "
            "relu mean; z: linear 3");
    convert(&m, EO_BACKEND_FBGEMM, &q);
    scale = q.layer[2].input_scale;
    q.layer[2].input_scale *= 2;
    refused(
        &q,
        "tensors 'b.input_scale' and 'b.input_zero_point': expected those of 's', whose input is the same");
    q.layer[2].input_scale = scale / 2;
    refused(
        &q,
        "tensors 'b.input_scale' and 'b.input_zero_point': expected those of 's', whose input is the same");
    q.layer[2].input_scale = scale;
    q.layer[2].input_zero_point++;
    refused(
        &q,
        "tensors 'b.input_scale' and 'b.input_zero_point': expected those of 's', whose input is the same");
    q.layer[2].input_zero_point--;
    scale = q.layer[1].output.scale;
    q.layer[1].output.scale = 0;
    refused(&q, "tensor 's.output_scale': expected a number above 0, found 0");
    q.layer[1].output.scale = q.layer[2].map.scale * 300;
    refused(&q, "'b': scale of the added map / 256 / map_scale of 'b' is 1.17188, expected a factor above 0 "
                "and below 1");
    q.layer[1].output.scale = scale;
    q.layer[2].map.zero_point = 128;
    refused(&q, "tensor 'b.map_zero_point': expected 0..127 (fbgemm), found 128");
    q.layer[2].map.zero_point = 0;
    q.layer[3].input_scale = q.layer[2].map.scale / 128;
    refused(&q, "'b': map_scale / size of the window / input_scale of 'z' is 2, expected a factor");
    q.layer[2].bias.s32[1] = INT32_MAX - 65536;
    q.layer[3].input_scale = 1;
    refused(&q, "tensor 'b.bias': element 1: its accumulator may reach");
    eo_model_release(&q);
    eo_model_release(&m);
}

int main(void)
{
    for (size_t i = 0; i < NETWORKS; i++)
        check_network(networks[i]);
    check_corrections();
    check_messages();
    return check_report("test_network_s8");
}
