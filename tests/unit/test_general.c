/*
 * The kernels for any network against the scalar reference: the same bits on each instruction set, for every number of
 * inputs, at fp32 and fp16; SmallCNN is one of the networks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/input.h"
#include "nn/infer.h"
#include "nn/ref.h"
#include "tests/unit/check.h"
#include "tests/unit/networks.h"
#include "tests/unit/peak.h"

#define INPUTS 35

typedef const struct eo_engine_ops *getter(enum eo_precision precision);

static const struct {
    enum eo_isa isa;
    getter *get;
} sets[] = {
    {EO_ISA_GENERIC, eo_general_ops_generic},
#if defined(__x86_64__)
    {EO_ISA_AVX2, eo_general_ops_avx2},
    {EO_ISA_AVX512, eo_general_ops_avx512},
#elif defined(__aarch64__)
    {EO_ISA_NEON, eo_general_ops_neon},
#endif
};

static void run(const struct eo_engine_ops *ops, const struct eo_model *m, const uint8_t *pixels, int n,
                union eo_score *scores)
{
    struct eo_err err;
    void *state = ops->prepare(m, n, &err);

    if (!state) {
        printf("%s: %s\n", ops->name, err.msg);
        exit(1);
    }
    ops->run(state, pixels, n, scores);
    ops->release(state);
}

/* Other numbers in each channel, if there are several. */
static struct eo_input input_of(int channels)
{
    struct eo_input in = {.count = channels};

    for (int c = 0; c < channels; c++) {
        in.mean[c] = channels > 1 ? 0.4 + 0.03 * c : 0.5;
        in.std[c] = channels > 1 ? 0.6 - 0.02 * c : 0.5;
    }
    return in;
}

static void check_network(const char *text, enum eo_precision precision, int is_standard)
{
    static struct eo_network net;
    static union eo_score expected[INPUTS * 16], found[INPUTS * 16 + 1];
    static uint8_t pixels[INPUTS * 1000];
    static const int counts[] = {1, 2, 3, 7, 8, 15, 16, 17, 33, INPUTS};
    struct eo_input in;
    struct eo_model m;
    struct eo_rng rng;
    struct eo_err err = {""};

    if (!check_that(eo_network_parse(&net, text, &err) == 0 &&
                        eo_model_init_network(&m, precision, &net, &err) == 0,
                    "%s: %s", text, err.msg))
        return;
    in = input_of(net.input.c);
    check_that(is_standard || eo_input_set(&m, &in, &err) == 0, "%s", err.msg);
    eo_rng_init(&rng, 1, EO_RNG_INIT);
    fill(&m, &rng);
    for (size_t i = 0; i < INPUTS * eo_dims_elements(net.input); i++)
        pixels[i] = (uint8_t)eo_rng_below(&rng, 256);
    run(eo_ops_ref(precision), &m, pixels, INPUTS, expected);
    for (size_t s = 0; s < sizeof(sets) / sizeof(*sets); s++) {
        for (size_t c = 0; eo_isa_available(sets[s].isa) && c < sizeof(counts) / sizeof(*counts); c++) {
            size_t used = (size_t)(counts[c] * eo_network_classes(&net));

            memset(found, 0x5a, sizeof(found));
            run(sets[s].get(precision), &m, pixels, counts[c], found);
            check_that(memcmp(found, expected, used * sizeof(*found)) == 0 && found[used].s32 == 0x5a5a5a5a,
                       "%s of %s on %s, %d %sinputs: other scores", eo_precision_name(precision), text,
                       eo_isa_name(sets[s].isa), counts[c], is_standard ? "standard " : "");
        }
    }
    eo_model_release(&m);
}

static void check_kinds(const char *text)
{
    for (int is_standard = 0; is_standard < 2; is_standard++) {
        check_network(text, EO_FP32, is_standard);
        check_network(text, EO_FP16, is_standard);
    }
}

/* Weights too large for a second copy in whole vectors. */
static void check_large(void)
{
    static struct eo_network net;
    static uint8_t pixels[1 << 20];
    union eo_score expected[2], found[2];
    struct eo_model m;
    struct eo_rng rng;
    struct eo_err err = {""};

    if (!check_that(eo_network_parse(&net, "input 1x1024x1024; z: linear 2", &err) == 0 &&
                        eo_model_init_network(&m, EO_FP32, &net, &err) == 0,
                    "%s", err.msg))
        return;
    eo_rng_init(&rng, 1, EO_RNG_INIT);
    fill(&m, &rng);
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)eo_rng_below(&rng, 256);
    run(eo_ops_ref(EO_FP32), &m, pixels, 1, expected);
    run(eo_general_ops_generic(EO_FP32), &m, pixels, 1, found);
    check_that(memcmp(found, expected, sizeof(expected)) == 0, "a large layer: other scores");
    eo_model_release(&m);
}

/* What lives at the same time lies apart. */
static void check_places(const char *name)
{
    static struct eo_network net;
    struct eo_network_places p;
    struct eo_err err;
    size_t peak;
    int wrong = 0;

    if (eo_network_preset(&net, name, &err))
        return;
    eo_network_place(&net, &p);
    peak = peak_elements(&net);
    for (int i = 0; i < net.count; i++) {
        const struct eo_network_layer *l = &net.layer[i];
        size_t end = p.map[i] + eo_dims_elements(l->map);

        for (int k = 0; k < i; k++) {
            size_t begin = p.out[k], stop = begin + eo_dims_elements(net.layer[k].out);

            wrong += eo_network_last_reader(&net, k) >= i && begin < end && p.map[i] < stop;
        }
    }
    check_that(wrong == 0, "%s: %d tensors overlap", name, wrong);
    check_that(p.elements >= peak && p.elements <= peak + peak / 2, "%s: %zu elements, the peak is %zu", name,
               p.elements, peak);
}

int main(void)
{
    static const char *const names[] = {"smallcnn", "lenet5", "mlp",
                                        "resnet8",  "ds-cnn", "mobilenet-v1-0.25"};

    for (size_t i = 0; i < NETWORKS; i++)
        check_kinds(networks[i]);
    /* Each operation that reads the planes of an input; rows whose last tile takes positions once more. */
    check_kinds("input 3x9x35; a: conv 8 3x3 stride 2 pad same relu mean; b: conv 8 3x3 pad 1 from input relu mean; "
                "c: linear 8 from input add a; d: linear 8 from b add c; z: linear 2");
    /* Such rows with one, two and four vectors of outputs at a time. */
    check_kinds("input 2x5x12; a: conv 8 3x3 pad 1 relu; b: conv 64 3x3 pad 1; c: conv 33 3x3 pad 1 relu; z: linear 3");
    check_kinds("input 1x4x22; a: conv 8 3x3 pad 1 relu; b: conv 16 3x3 pad 1; z: linear 3");
    check_large();
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        check_places(names[i]);
    return check_report("test_general");
}
