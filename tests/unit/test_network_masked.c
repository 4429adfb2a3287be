/*
 * Pruned = masked for networks with a residual and with depthwise layers: the same scores, bit for bit, for every
 * criterion, by space and globally, at each precision, on each instruction set.
 */
#include <stdlib.h>

#include "nn/infer.h"
#include "nn/network_fold.h"
#include "stage/prune/prune.h"
#include "stage/quant/quant.h"
#include "tests/unit/check.h"
#include "tests/unit/networks.h"

#define IMAGES 19 /* a whole vector of 16 and a part */
#define CLASSES 12

static const char *const texts[] = {
    /* ResNet-8 and DS-CNN, smaller */
    "input 3x10x10; conv1: conv 8 3x3 pad same relu; block1.conv1: conv 8 3x3 pad same relu;"
    "block1.conv2: conv 8 3x3 pad same add conv1 relu; block2.conv1: conv 12 3x3 stride 2 pad same relu;"
    "block2.shortcut: conv 12 1x1 stride 2 pad same from block1.conv2;"
    "block2.conv2: conv 12 3x3 pad same from block2.conv1 add block2.shortcut relu;"
    "block3.conv1: conv 16 3x3 stride 2 pad same relu;"
    "block3.shortcut: conv 16 1x1 stride 2 pad same from block2.conv2;"
    "block3.conv2: conv 16 3x3 pad same from block3.conv1 add block3.shortcut relu mean; classifier: linear "
    "10",
    "input 1x13x10; conv1: conv 14 10x4 stride 2 pad same relu; dw1: depthwise 3x3 pad same relu;"
    "pw1: conv 14 1x1 relu; dw2: depthwise 3x3 pad same relu; pw2: conv 14 1x1 relu mean; classifier: linear "
    "12",
    /* Hidden units, a map that is flattened, and channels that are tied to the input */
    ("input 4x6x6; a: conv 4 3x3 pad 1 add input relu; b: conv 9 3x3 relu6 max 2x2; c: linear 11 relu; z: "
     "linear 5"),
};

static uint8_t pixels[IMAGES * 1000], labels[IMAGES];

static void must(int ok, const struct eo_err *err)
{
    if (!ok) {
        printf("FAIL %s\n", err->msg);
        exit(1);
    }
}

static int is_kept(const struct eo_prune_plan *plan, int space, int channel)
{
    if (space == EO_SPACE_NONE)
        return 1;
    for (int i = 0; i < plan->count[space]; i++) {
        if (plan->kept[space][i] == channel)
            return 1;
    }
    return 0;
}

/* Filters and biases of what goes, and the weights that read it, which matter for the scales of int8. */
static void mask(struct eo_model *m, const struct eo_prune_plan *plan)
{
    for (int l = 0; l < m->network.count; l++) {
        const struct eo_network_layer *n = &m->network.layer[l];
        size_t terms = eo_network_terms(n), inputs = n->operation == EO_DEPTHWISE ? 1 : (size_t)n->in.c;
        int read = eo_spaces_read(&plan->spaces, &m->network, l);

        for (int o = 0; o < n->map.c; o++) {
            float *w = m->layer[l].weight.f32 + (size_t)o * terms;
            int goes = !is_kept(plan, plan->spaces.of[l], o);

            if (goes)
                m->layer[l].bias.f32[o] = 0;
            for (size_t t = 0; t < terms; t++) {
                int channel = n->operation == EO_DEPTHWISE ? o : (int)(t / (terms / inputs));

                if (goes || !is_kept(plan, read, channel))
                    w[t] = 0;
            }
        }
    }
}

static void scores_of(const struct eo_model *m, enum eo_isa isa, int n, union eo_score *scores)
{
    struct eo_err err;
    struct eo_infer *inf = eo_infer_new(m, isa, IMAGES, &err);

    must(inf != NULL, &err);
    eo_infer_run(inf, pixels, n, scores);
    eo_infer_free(inf);
}

static void compare(const char *what, const struct eo_model *small, const struct eo_model *whole)
{
    union eo_score x[IMAGES * CLASSES], y[IMAGES * CLASSES];
    int classes = eo_network_classes(&small->network);

    for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
        int wrong = 0;

        for (int n = IMAGES; eo_isa_available((enum eo_isa)isa) && n > 0; n -= IMAGES - 1) {
            scores_of(small, (enum eo_isa)isa, n, x);
            scores_of(whole, (enum eo_isa)isa, n, y);
            for (int i = 0; i < n * classes; i++)
                wrong += x[i].s32 != y[i].s32;
        }
        check_that(wrong == 0, "%s, %s on %s: %d scores differ from the masked network's", what,
                   eo_precision_name(small->precision), eo_isa_name((enum eo_isa)isa), wrong);
    }
}

static void compare_all(const char *what, const struct eo_model *small, const struct eo_model *whole,
                        const struct eo_images *images)
{
    static struct eo_calibration cal;
    struct eo_model a, b;
    struct eo_err err;

    compare(what, small, whole);
    must(eo_quant_fp16(small, &a, &err) == 0 && eo_quant_fp16(whole, &b, &err) == 0, &err);
    compare(what, &a, &b);
    eo_model_release(&a);
    eo_model_release(&b);
    for (int backend = EO_BACKEND_FBGEMM; backend <= EO_BACKEND_QNNPACK; backend++) {
        const struct eo_quant_options opt = {.precision = EO_INT8,
                                             .backend = (enum eo_backend)backend,
                                             .observer = EO_OBSERVER_MINMAX,
                                             .batch_size = IMAGES,
                                             .batches = 1,
                                             .isa = eo_isa_best()};

        must(eo_calibration_run(&cal, small, images, &opt, &err) == 0 &&
                 eo_quant_integers(small, &cal, &opt, &a, &err) == 0 &&
                 eo_quant_integers(whole, &cal, &opt, &b, &err) == 0,
             &err);
        compare(what, &a, &b);
        eo_model_release(&a);
        eo_model_release(&b);
    }
}

/* One share for all, or rising ones. */
static struct eo_level level_of(const struct eo_network *net, int is_rising)
{
    double shares[EO_LEVEL_SHARES];
    struct eo_spaces spaces;

    eo_spaces_make(&spaces, net);
    for (int i = 0; i < spaces.count; i++)
        shares[i] = is_rising ? 0.2 + 0.1 * i : 0.4;
    return eo_level_of(shares, spaces.count);
}

static void test_case(const struct eo_model *m, const char *text, const struct eo_images *images,
                      enum eo_criterion criterion, enum eo_scope scope, int is_rising)
{
    static struct eo_prune_plan plan;
    static struct eo_saliency scores;
    const struct eo_saliency_options score = {
        .criterion = criterion, .seed = 3, .images = *images, .count = IMAGES, .isa = eo_isa_best()};
    const struct eo_prune_options opt = {
        .level = level_of(&m->network, is_rising), .scope = scope, .multiple = 1};
    struct eo_model small, whole;
    struct eo_err err;
    char what[80];

    must(eo_saliency_run(&scores, m, &score, &err) == 0 &&
             eo_prune(&plan, m, &scores, &opt, &small, &err) == 0 && eo_quant_copy(m, &whole, &err) == 0,
         &err);
    snprintf(what, sizeof(what), "%.20s, %s%s", text, eo_criterion_name(criterion),
             scope == EO_SCOPE_GLOBAL ? " global"
             : is_rising              ? " by space"
                                      : "");
    check_that(eo_network_parameters(&small.network) < eo_network_parameters(&m->network),
               "%s: nothing was removed", what);
    mask(&whole, &plan);
    compare_all(what, &small, &whole, images);
    eo_model_release(&small);
    eo_model_release(&whole);
}

static void make_model(struct eo_model *m, const char *text)
{
    static struct eo_network net;
    struct eo_rng rng;
    struct eo_err err;

    must(eo_network_parse(&net, text, &err) == 0 && eo_model_init_network(m, EO_FP32, &net, &err) == 0, &err);
    eo_rng_init(&rng, 1, EO_RNG_INIT);
    fill(m, &rng);
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)eo_rng_below(&rng, 256);
}

/* The spaces of the first network, and pruning in steps: the metadata say what is left of the trained model. */
static void test_steps(void)
{
    static const int of[] = {0, 1, 0, 2, 3, 3, 4, 5, 5, EO_SPACE_NONE};
    static struct eo_prune_plan plan;
    static struct eo_saliency scores;
    const struct eo_saliency_options by = {.criterion = EO_CRITERION_RANDOM, .seed = 5};
    struct eo_prune_options opt = {.level = eo_level_uniform(0.5), .multiple = 1, .step = 1, .steps = 2};
    struct eo_model m, first, second, once;
    struct eo_err err;

    make_model(&m, texts[0]);
    eo_spaces_make(&plan.spaces, &m.network);
    for (int l = 0; l < m.network.count; l++)
        check_that(plan.spaces.of[l] == of[l], "space of layer %d: expected %d, found %d", l, of[l],
                   plan.spaces.of[l]);
    must(eo_saliency_run(&scores, &m, &by, &err) == 0 &&
             eo_prune(&plan, &m, &scores, &opt, &first, &err) == 0,
         &err);
    opt.step = 2;
    must(eo_prune(&plan, &m, &scores, &opt, &once, &err) == 0 &&
             eo_saliency_run(&scores, &first, &by, &err) == 0 &&
             eo_prune(&plan, &first, &scores, &opt, &second, &err) == 0,
         &err);
    check_that(strcmp(eo_model_meta_get(&second, "base_channels"), "8,8,12,12,16,16") == 0,
               "base_channels: found %s", eo_model_meta_get(&second, "base_channels"));
    check_that(
        strcmp(eo_model_meta_get(&once, "channels_kept"), eo_model_meta_get(&second, "channels_kept")) == 0,
        "channels_kept: at once %s, in steps %s", eo_model_meta_get(&once, "channels_kept"),
        eo_model_meta_get(&second, "channels_kept"));
    must(eo_model_meta_set(&second, "channels_kept", "0,1;3;5", &err) == 0, &err);
    check_that(eo_saliency_run(&scores, &second, &by, &err) != 0 &&
                   strcmp(err.msg, "metadata 'channels_kept': 'conv1': expected 4 numbers, found 2") == 0,
               "channels_kept: found '%s'", err.msg);
    eo_model_release(&m);
    eo_model_release(&first);
    eo_model_release(&second);
    eo_model_release(&once);
}

/* A share for each space, and on top of it one for all: what each space keeps, and what the metadata say. */
static void test_shares(void)
{
    static struct eo_prune_plan plan;
    static struct eo_saliency scores;
    const struct eo_saliency_options by = {.criterion = EO_CRITERION_L1};
    struct eo_prune_options opt = {.level = {6, {0, 0.25, 0.5, 0.25, 0.75, 0.125}}, .multiple = 1};
    static const int once[] = {8, 6, 6, 9, 4, 14}, twice[] = {4, 3, 3, 4, 2, 7};
    struct eo_model m, first, second;
    struct eo_err err;

    make_model(&m, texts[0]);
    must(eo_saliency_run(&scores, &m, &by, &err) == 0 &&
             eo_prune(&plan, &m, &scores, &opt, &first, &err) == 0,
         &err);
    check_that(memcmp(plan.count, once, sizeof(once)) == 0, "shares: found %d %d %d %d %d %d", plan.count[0],
               plan.count[1], plan.count[2], plan.count[3], plan.count[4], plan.count[5]);
    check_text("level", "0.00x0.25x0.50x0.25x0.75x0.125", eo_model_meta_get(&first, "pruning_level"));
    opt.level = eo_level_uniform(0.5);
    must(eo_saliency_run(&scores, &first, &by, &err) == 0 &&
             eo_prune(&plan, &first, &scores, &opt, &second, &err) == 0,
         &err);
    check_that(memcmp(plan.count, twice, sizeof(twice)) == 0, "shares of shares: found %d %d %d %d %d %d",
               plan.count[0], plan.count[1], plan.count[2], plan.count[3], plan.count[4], plan.count[5]);
    check_text("level of both", "0.50x0.625x0.75x0.625x0.875x0.5625",
               eo_model_meta_get(&second, "pruning_level"));
    must(eo_model_meta_set(&first, "pruning_level", "0.1x0.2", &err) == 0, &err);
    check_that(eo_prune_plan(&plan, &first, &scores, &opt, &err) != 0, "other shares before are taken");
    check_text("other shares before",
               "metadata 'pruning_level': expected 1 share, or 1 for each of the 6 spaces (conv1, block1.conv1, "
               "block2.conv1, block2.shortcut, block3.conv1, block3.shortcut), found 2",
               err.msg);
    eo_model_release(&m);
    eo_model_release(&first);
    eo_model_release(&second);
}

static void test_refusals(void)
{
    static struct eo_prune_plan plan;
    static const struct eo_saliency scores;
    struct eo_prune_options opt = {.level = {2, {0.5, 0.25}}, .multiple = 1};
    struct eo_model m;
    struct eo_err err;

    make_model(&m, texts[1]);
    check_that(eo_prune_plan(&plan, &m, &scores, &opt, &err) != 0, "two shares for three spaces are taken");
    check_text("two shares",
               "level 0.50x0.25: expected 1 share, or 1 for each of the 3 spaces (conv1, pw1, pw2), found 2",
               err.msg);
    eo_model_release(&m);
    make_model(&m, "input 2x3x3; a: depthwise 3x3; z: linear 4");
    opt.level = eo_level_uniform(0.5);
    check_that(eo_prune_plan(&plan, &m, &scores, &opt, &err) != 0 &&
                   strcmp(err.msg, "level 0.50: expected 0, because this network has no channels that can be "
                                   "removed (pruning_levels: [0])") == 0,
               "no space: found '%s'", err.msg);
    eo_model_release(&m);
}

int main(void)
{
    for (int i = 0; i < IMAGES; i++)
        labels[i] = (uint8_t)(i % 5);
    for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++) {
        struct eo_images images = {pixels, labels, IMAGES};
        struct eo_model m;

        make_model(&m, texts[t]);
        for (int c = 0; c < EO_CRITERION_COUNT; c++) {
            test_case(&m, texts[t], &images, (enum eo_criterion)c, EO_SCOPE_LAYER, 0);
            test_case(&m, texts[t], &images, (enum eo_criterion)c, EO_SCOPE_GLOBAL, 0);
        }
        test_case(&m, texts[t], &images, EO_CRITERION_TAYLOR, EO_SCOPE_LAYER, 1);
        eo_model_release(&m);
    }
    test_steps();
    test_shares();
    test_refusals();
    return check_report("test_network_masked");
}
