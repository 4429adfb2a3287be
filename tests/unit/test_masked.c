/*
 * A pruned network is the whole one with channels set to zero: the same scores, bit for bit, for every criterion and
 * level, precision, instruction set, in a batch and alone. On real MNIST images where they are (EO_DATA_DIR, or
 * ../shared/data), else on generated ones.
 */
#include <stdlib.h>

#include "base/rng.h"
#include "nn/infer.h"
#include "stage/quant/calibrate.h"
#include "stage/prune/prune.h"
#include "stage/quant/quant.h"
#include "stage/data/synthetic.h"
#include "stage/learn/train.h"
#include "tests/unit/check.h"

#define GENERATED 2048
#define LEARNT 1536 /* images: enough for filters that differ */
#define BATCH 19    /* a whole tile of 16 and a part */
#define ALONE 2
#define SEEN 64 /* images for calibration and criteria */

static const struct {
    struct eo_level level;
    enum eo_scope scope;
} levels[] = {
    {{1, {0.25}}, EO_SCOPE_LAYER},      {{1, {0.5}}, EO_SCOPE_LAYER},  {{1, {0.7}}, EO_SCOPE_LAYER},
    {{2, {0.25, 0.5}}, EO_SCOPE_LAYER}, {{1, {0.4}}, EO_SCOPE_GLOBAL},
};

static void must(int ok, const struct eo_err *err)
{
    if (!ok) {
        printf("FAIL %s\n", err->msg);
        exit(1);
    }
}

/* ---- images and a network that has learnt a little ---------------------------------------------------------- */

static struct eo_images generated(void)
{
    static uint8_t pixels[GENERATED * EO_IMAGE_PIXELS], labels[GENERATED];

    for (uint32_t i = 0; i < GENERATED; i++)
        labels[i] = eo_synthetic_image(1, EO_DATASET_TRAIN, i, EO_CLASSES, pixels + i * EO_IMAGE_PIXELS);
    return (struct eo_images){pixels, labels, GENERATED};
}

static struct eo_images find_images(struct eo_dataset *ds)
{
    const char *root = getenv("EO_DATA_DIR");
    struct eo_err err;
    char dir[4096];

    snprintf(dir, sizeof(dir), "%s/mnist", root ? root : "../shared/data");
    if (eo_dataset_load(ds, dir, EO_DATASET_TRAIN, &err)) {
        printf("generated images: %s\n", err.msg);
        return generated();
    }
    return ds->train;
}

static void train(struct eo_model *m, const struct eo_images *images)
{
    const struct eo_trainer_options options = {.isa = eo_isa_best(), .max_batch = 64};
    static uint32_t index[LEARNT];
    struct eo_config cfg;
    struct eo_trainer *t;
    struct eo_err err;

    eo_config_init(&cfg);
    must(eo_train_init_model(&cfg, 0, NULL, m, &err) == 0, &err);
    t = eo_trainer_new(m, &options, &err);
    must(t != NULL, &err);
    for (uint32_t i = 0; i < LEARNT; i++)
        index[i] = i;
    for (int i = 0; i < LEARNT; i += 64) {
        const struct eo_batch batch = {
            .pixels = images->pixels, .labels = images->labels, .index = index + i, .n = 64};
        double loss = 0;
        uint64_t correct = 0;

        eo_trainer_step(t, &batch, 2e-3, &loss, &correct);
    }
    eo_trainer_export(t, m);
    eo_trainer_free(t);
}

/* ---- setting channels to zero ------------------------------------------------------------------------------- */

static int is_kept(const struct eo_prune_plan *plan, int layer, int channel)
{
    for (int i = 0; i < plan->count[layer]; i++) {
        if (plan->kept[layer][i] == channel)
            return 1;
    }
    return 0;
}

/* Filters and biases of what goes: its activations are then exactly 0. */
static void zero_channels(struct eo_model *m, const struct eo_prune_plan *plan)
{
    for (int l = 0; l < EO_CLASSIFIER; l++) {
        int terms = eo_shape_terms(&m->shape, (enum eo_smallcnn_layer)l);

        for (int c = 0; c < eo_shape_outputs(&m->shape, (enum eo_smallcnn_layer)l); c++) {
            for (int t = 0; t < terms && !is_kept(plan, l, c); t++)
                m->layer[l].weight.f32[c * terms + t] = 0;
            if (!is_kept(plan, l, c))
                m->layer[l].bias.f32[c] = 0;
        }
    }
}

/* And the weights that read it, which only matter for the scales of int8. */
static void zero_readers(struct eo_model *m, const struct eo_prune_plan *plan)
{
    for (int l = 0; l < EO_CLASSIFIER; l++) {
        enum eo_smallcnn_layer next = (enum eo_smallcnn_layer)(l + 1);
        int terms = eo_shape_terms(&m->shape, next),
            channels = eo_shape_outputs(&m->shape, (enum eo_smallcnn_layer)l);

        for (int i = 0; i < eo_shape_outputs(&m->shape, next) * terms; i++) {
            if (!is_kept(plan, l, i % terms / (terms / channels)))
                m->layer[next].weight.f32[i] = 0;
        }
    }
}

/* ---- comparing ---------------------------------------------------------------------------------------------- */

/* How many of the scores differ in a bit. */
static int differences(const struct eo_model *a, const struct eo_model *b, const struct eo_images *images,
                       enum eo_isa isa)
{
    union eo_score x[BATCH * 10], y[BATCH * 10];
    struct eo_err err;
    struct eo_infer *p = eo_infer_new(a, isa, BATCH, &err), *q = p ? eo_infer_new(b, isa, BATCH, &err) : NULL;
    int wrong = 0;

    must(q != NULL, &err);
    for (int run = 0; run <= ALONE; run++) { /* the batch, then single images */
        const uint8_t *pixels = images->pixels + (size_t)run * 31 * EO_IMAGE_PIXELS;
        int n = run ? 1 : BATCH;

        eo_infer_run(p, pixels, n, x);
        eo_infer_run(q, pixels, n, y);
        for (int i = 0; i < n * 10; i++)
            wrong += x[i].s32 != y[i].s32;
    }
    eo_infer_free(p);
    eo_infer_free(q);
    return wrong;
}

static void compare(const char *what, const struct eo_model *small, const struct eo_model *whole,
                    const struct eo_images *images)
{
    for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
        int wrong =
            eo_isa_available((enum eo_isa)isa) ? differences(small, whole, images, (enum eo_isa)isa) : 0;

        check_that(wrong == 0, "%s on %s: %d of %d scores differ from the masked network's", what,
                   eo_isa_name((enum eo_isa)isa), wrong, (BATCH + ALONE) * 10);
    }
}

static void compare_floats(const char *what, const struct eo_model *small, const struct eo_model *whole,
                           const struct eo_images *images)
{
    struct eo_model a, b;
    struct eo_err err;
    char name[96];

    snprintf(name, sizeof(name), "fp32, %s", what);
    compare(name, small, whole, images);
    must(eo_quant_fp16(small, &a, &err) == 0 && eo_quant_fp16(whole, &b, &err) == 0, &err);
    snprintf(name, sizeof(name), "fp16, %s", what);
    compare(name, &a, &b, images);
    eo_model_release(&a);
    eo_model_release(&b);
}

static void compare_integers(const char *what, const struct eo_model *small, const struct eo_model *whole,
                             const struct eo_images *images, enum eo_backend backend)
{
    struct eo_quant_options opt = {.precision = EO_INT8,
                                   .backend = backend,
                                   .observer = EO_OBSERVER_HISTOGRAM,
                                   .batch_size = SEEN,
                                   .batches = 1,
                                   .isa = eo_isa_best()};
    struct eo_calibration cal, other;
    struct eo_model a, b;
    struct eo_err err;
    char name[96];

    must(eo_calibration_run(&cal, small, images, &opt, &err) == 0, &err);
    must(eo_quant_integers(small, &cal, &opt, &a, &err) == 0 &&
             eo_quant_integers(whole, &cal, &opt, &b, &err) == 0,
         &err);
    snprintf(name, sizeof(name), "int8 by %s, %s", eo_backend_name(backend), what);
    compare(name, &a, &b, images);
    eo_model_release(&a);
    eo_model_release(&b);
    /* More zeros are no other range: an observer of extremes finds the same one in both networks. */
    opt.observer = EO_OBSERVER_MINMAX;
    must(eo_calibration_run(&cal, small, images, &opt, &err) == 0 &&
             eo_calibration_run(&other, whole, images, &opt, &err) == 0,
         &err);
    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++)
        check_that(cal.tensor[l].min == other.tensor[l].min && cal.tensor[l].max == other.tensor[l].max,
                   "%s: range of layer %d: %g to %g, masked %g to %g", name, l, cal.tensor[l].min,
                   cal.tensor[l].max, other.tensor[l].min, other.tensor[l].max);
}

static void test_case(const struct eo_model *m, const struct eo_images *images, enum eo_criterion criterion,
                      size_t k)
{
    const struct eo_saliency_options score = {
        .criterion = criterion, .seed = 3, .images = *images, .count = SEEN, .isa = eo_isa_best()};
    const struct eo_prune_options opt = {.level = levels[k].level, .scope = levels[k].scope, .multiple = 1};
    struct eo_prune_plan plan;
    struct eo_saliency scores;
    struct eo_model small, whole;
    struct eo_err err;
    char text[EO_LEVEL_TEXT], what[64];

    must(eo_saliency_run(&scores, m, &score, &err) == 0 &&
             eo_prune(&plan, m, &scores, &opt, &small, &err) == 0 && eo_quant_copy(m, &whole, &err) == 0,
         &err);
    eo_level_text(levels[k].level, text);
    snprintf(what, sizeof(what), "%s, level %.20s%s", eo_criterion_name(criterion), text,
             levels[k].scope == EO_SCOPE_GLOBAL ? " global" : "");
    check_that(small.shape.c1 < 16 && small.shape.c2 < 32, "%s: nothing was removed", what);
    zero_channels(&whole, &plan);
    compare_floats(what, &small, &whole, images);
    zero_readers(&whole, &plan);
    compare_integers(what, &small, &whole, images, EO_BACKEND_FBGEMM);
    compare_integers(what, &small, &whole, images, EO_BACKEND_QNNPACK);
    eo_model_release(&small);
    eo_model_release(&whole);
}

int main(void)
{
    struct eo_dataset ds = {0};
    struct eo_images images = find_images(&ds);
    struct eo_model m;

    train(&m, &images);
    for (int c = 0; c < EO_CRITERION_COUNT; c++) {
        for (size_t k = 0; k < sizeof(levels) / sizeof(levels[0]); k++)
            test_case(&m, &images, (enum eo_criterion)c, k);
    }
    eo_model_release(&m);
    eo_dataset_release(&ds);
    return check_report("test_masked");
}
