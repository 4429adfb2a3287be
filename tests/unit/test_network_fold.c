/* lib/nn/network_fold: the formula, a round trip of the file, one refusal, and inference of what is not folded yet. */
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "nn/infer.h"
#include "nn/network_fold.h"
#include "tests/unit/check.h"

static const char text[] = "input 2x5x4; a: conv 3 3x3 pad 1 batch_norm relu; dw: depthwise 3x3 batch_norm; "
                           "b: conv 4 1x1 relu mean; classifier: linear 3";

static float draw(struct eo_rng *rng, float from, float to)
{
    return from + (to - from) * eo_rng_f32(rng);
}

static void make(struct eo_model *m)
{
    struct eo_network net;
    struct eo_rng rng;
    struct eo_err err;

    if (eo_network_parse(&net, text, &err) || eo_model_init_network(m, EO_FP32, &net, &err)) {
        puts(err.msg);
        exit(1);
    }
    eo_rng_init(&rng, 1, EO_RNG_INIT);
    for (int i = 0; i < net.count; i++) {
        struct eo_model_layer *l = &m->layer[i];

        for (size_t k = 0; k < eo_network_weights(&net.layer[i]); k++)
            l->weight.f32[k] = draw(&rng, -0.5f, 0.5f);
        for (int o = 0; o < net.layer[i].map.c; o++) {
            l->bias.f32[o] = draw(&rng, -0.5f, 0.5f);
            if (!net.layer[i].batch_norm)
                continue;
            l->norm_scale[o] = draw(&rng, -1, 2);
            l->norm_mean[o] = draw(&rng, -1, 1);
            l->norm_variance[o] = draw(&rng, 0, 3);
        }
    }
}

static void check_formula(const struct eo_model *m, const struct eo_model *folded)
{
    const struct eo_model_layer *a = &m->layer[0], *b = &folded->layer[0];
    int wrong = 0;

    for (int o = 0; o < 3; o++) {
        double s = (double)a->norm_scale[o] / sqrt((double)a->norm_variance[o] + 1e-5);

        for (int t = 0; t < 18; t++)
            wrong += b->weight.f32[o * 18 + t] != (float)((double)a->weight.f32[o * 18 + t] * s);
        wrong += b->bias.f32[o] != (float)((double)a->bias.f32[o] - (double)a->norm_mean[o] * s);
    }
    check_that(wrong == 0, "folding: %d numbers differ from the formula", wrong);
    check_that(!eo_network_is_normalised(&folded->network) && eo_network_is_normalised(&m->network),
               "folding: expected batch normalisation before and none behind");
    check_that(memcmp(m->layer[2].weight.f32, folded->layer[2].weight.f32, 12 * sizeof(float)) == 0,
               "folding: a layer without batch normalisation changed");
}

/* The scores of a model and of the one that it folds to are the same bits. */
static void check_scores(const struct eo_model *m, const struct eo_model *folded)
{
    union eo_score a[3], b[3];
    uint8_t pixels[40];
    struct eo_err err;
    struct eo_infer *x = eo_infer_new(m, eo_isa_best(), 1, &err),
                    *y = eo_infer_new(folded, eo_isa_best(), 1, &err);

    for (int i = 0; i < 40; i++)
        pixels[i] = (uint8_t)(i * 37);
    if (check_that(x && y, "no engine: %s", err.msg)) {
        eo_infer_run(x, pixels, 1, a);
        eo_infer_run(y, pixels, 1, b);
        check_that(memcmp(a, b, sizeof(a)) == 0, "a model and what it folds to have other scores");
    }
    eo_infer_free(x);
    eo_infer_free(y);
}

static void check_file(struct eo_model *m)
{
    struct eo_buf bytes = {0}, again = {0};
    const char *path = "test_network_fold.safetensors";
    struct eo_model read = {0};
    struct eo_err err = {""};

    check_that(eo_model_serialize(m, &bytes, &err) == 0 && eo_model_save(m, path, &err) == 0 &&
                   eo_model_load_network(&read, path, NULL, NULL, &err) == 0 &&
                   eo_model_serialize(&read, &again, &err) == 0 && bytes.len == again.len &&
                   memcmp(bytes.data, again.data, bytes.len) == 0,
               "round trip of the file: %s", err.msg);
    remove(path);
    eo_buf_release(&bytes);
    eo_buf_release(&again);
    eo_model_release(&read);
    m->layer[1].norm_variance[2] = -1;
    check_that(eo_model_serialize(m, &bytes, &err) < 0, "a negative variance: expected a refusal");
    check_text("a negative variance",
               "tensor 'dw.batch_norm.running_var': element 2: expected a number from 0, found -1", err.msg);
    eo_buf_release(&bytes);
}

int main(void)
{
    struct eo_model m, folded;
    struct eo_err err;

    make(&m);
    check_that(eo_model_folded(&m, &folded, &err) == 0, "%s", err.msg);
    check_formula(&m, &folded);
    check_scores(&m, &folded);
    check_file(&m);
    eo_model_release(&m);
    eo_model_release(&folded);
    return check_report("test_network_fold");
}
