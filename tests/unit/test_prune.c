/* lib/stage/prune/prune: how many channels stay, which, and that every weight lands where it belongs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage/prune/prune.h"
#include "tests/unit/check.h"

static void check(int ok, const char *what, const char *expected, const char *found)
{
    check_that(ok, "%s:\n  expected %s\n  found    %s", what, expected, found);
}

static void test_keep_count(void)
{
    static const struct {
        int channels;
        double level;
        int keep;
    } cases[] = {
        {16, 0, 16},    {32, 0, 32},    {16, 0.25, 12},
        {32, 0.25, 24}, {16, 0.3, 11},  {32, 0.3, 22},
        {16, 0.5, 8},   {32, 0.5, 16},  {16, 0.7, 5},
        {32, 0.7, 10},  {5, 0.5, 2},    {7, 0.5, 4}, /* 2.5 and 3.5 go to the even neighbour */
        {1, 0.9, 1},    {16, 0.999, 1}, {64, 0.99, 1},
        {3, 0.5, 2},    {1, 0.5, 1}, /* 0.5 would be 0: at least one stays */
        {10, 0.05, 10}, {10, 0.15, 8},  {128, 0.001, 128},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char what[64], expected[16], found[16];
        int keep = eo_prune_keep_count(cases[i].channels, cases[i].level);

        snprintf(what, sizeof(what), "keep of %d at level %g", cases[i].channels, cases[i].level);
        snprintf(expected, sizeof(expected), "%d", cases[i].keep);
        snprintf(found, sizeof(found), "%d", keep);
        check(keep == cases[i].keep, what, expected, found);
    }
}

static void test_round_count(void)
{
    static const struct {
        int keep, channels, multiple, expected;
    } cases[] = {
        {5, 16, 1, 5},    {5, 16, 4, 4},      {6, 16, 4, 8}, /* as near to 4: the larger one */
        {7, 16, 4, 8},    {1, 16, 4, 4},      {1, 3, 4, 3},    {9, 10, 4, 8},
        {11, 12, 8, 8},   {12, 13, 8, 13},    {10, 10, 4, 10}, /* none is lost, so none more */
        {15, 16, 16, 16}, {1, 16, 16, 16},    {20, 32, 8, 24}, {19, 32, 8, 16},
        {31, 32, 64, 32}, {127, 128, 3, 126},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int found = eo_prune_round_count(cases[i].keep, cases[i].channels, cases[i].multiple);

        check_that(found == cases[i].expected, "%d of %d to a multiple of %d: expected %d, found %d",
                   cases[i].keep, cases[i].channels, cases[i].multiple, cases[i].expected, found);
    }
}

static void test_select(void)
{
    static const struct {
        double scores[6];
        int keep;
        const char *kept;
    } cases[] = {
        {{1, 2, 3, 4, 5, 6}, 3, "3 4 5 "},       {{6, 5, 4, 3, 2, 1}, 3, "0 1 2 "},
        {{1, 9, 1, 9, 1, 9}, 2, "1 3 "},         {{0, 0, 0, 0, 0, 0}, 4, "0 1 2 3 "},
        {{2, 1, 1, 1, 3, 1}, 4, "0 1 2 4 "},     {{5, 0, 0, 0, 0, 7}, 1, "5 "},
        {{5, 0, 0, 0, 0, 7}, 6, "0 1 2 3 4 5 "},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char found[64] = "";
        int kept[6];

        eo_prune_select(cases[i].scores, 6, cases[i].keep, kept);
        for (int k = 0; k < cases[i].keep; k++)
            snprintf(found + strlen(found), sizeof(found) - strlen(found), "%d ", kept[k]);
        check_text("selection", cases[i].kept, found);
    }
}

/* What eo-prune does, by L1 norms. */
static int prune_by(const struct eo_model *m, const struct eo_prune_options *opt, struct eo_model *out,
                    struct eo_err *err)
{
    const struct eo_saliency_options score = {.criterion = EO_CRITERION_L1};
    struct eo_saliency scores;
    struct eo_prune_plan plan;

    memset(out, 0, sizeof(*out));
    return eo_saliency_run(&scores, m, &score, err) || eo_prune(&plan, m, &scores, opt, out, err) ? -1 : 0;
}

static int prune(const struct eo_model *m, double level, struct eo_model *out, struct eo_err *err)
{
    const struct eo_prune_options opt = {.level = eo_level_uniform(level), .multiple = 1};

    return prune_by(m, &opt, out, err);
}

static void init(struct eo_model *m, enum eo_precision precision, int c1, int c2)
{
    struct eo_err err;

    if (eo_model_init(m, precision, (struct eo_shape){c1, c2}, &err)) {
        printf("cannot make a model: %s\n", err.msg);
        exit(1);
    }
}

/* Weights that say where they were: rank of the filter (large: stays), plane, tap. All are exact in float. */
static float conv_value(int rank, int plane, int tap)
{
    return (float)((rank + 1) * 10000 + plane * 10 + tap) * (tap % 2 ? -1 : 1);
}

static float linear_value(int output, int channel, int pixel)
{
    return (float)(output * 100000 + channel * 100 + pixel);
}

/* A permutation: 5 and 11 have no factor in common with the channel counts used here. */
static int rank_of(int channel, int channels)
{
    return (channel * 5 + 3) % channels;
}

static void fill(struct eo_model *m)
{
    int c1 = m->shape.c1, c2 = m->shape.c2;

    for (int o = 0; o < c1; o++) {
        m->layer[EO_CONV1].bias.f32[o] = (float)o;
        for (int k = 0; k < 9; k++)
            m->layer[EO_CONV1].weight.f32[o * 9 + k] = conv_value(rank_of(o, c1), 0, k);
    }
    for (int o = 0; o < c2; o++) {
        m->layer[EO_CONV2].bias.f32[o] = (float)-o;
        for (int i = 0; i < c1 * 9; i++)
            m->layer[EO_CONV2].weight.f32[o * c1 * 9 + i] = conv_value(rank_of(o, c2), i / 9, i % 9);
    }
    for (int o = 0; o < 10; o++) {
        m->layer[EO_CLASSIFIER].bias.f32[o] = (float)(o * o);
        for (int i = 0; i < c2 * 49; i++)
            m->layer[EO_CLASSIFIER].weight.f32[o * c2 * 49 + i] = linear_value(o, i / 49, i % 49);
    }
}

/* The channels whose rank is among the `keep` highest, in order. */
static int list_kept(int channels, int keep, int *kept)
{
    int n = 0;

    for (int i = 0; i < channels; i++) {
        if (rank_of(i, channels) >= channels - keep)
            kept[n++] = i;
    }
    return n;
}

static int places_right(const struct eo_model *base, const struct eo_model *m, const int *kept1,
                        const int *kept2)
{
    int c1 = m->shape.c1, c2 = m->shape.c2, wrong = 0;

    for (int o = 0; o < c1; o++) {
        wrong += m->layer[EO_CONV1].bias.f32[o] != (float)kept1[o];
        for (int i = 0; i < 9; i++)
            wrong += m->layer[EO_CONV1].weight.f32[o * 9 + i] !=
                     conv_value(rank_of(kept1[o], base->shape.c1), 0, i);
    }
    for (int o = 0; o < c2; o++) {
        wrong += m->layer[EO_CONV2].bias.f32[o] != (float)-kept2[o];
        for (int i = 0; i < c1 * 9; i++)
            wrong += m->layer[EO_CONV2].weight.f32[o * c1 * 9 + i] !=
                     conv_value(rank_of(kept2[o], base->shape.c2), kept1[i / 9], i % 9);
    }
    for (int o = 0; o < 10; o++) {
        wrong += m->layer[EO_CLASSIFIER].bias.f32[o] != (float)(o * o);
        for (int i = 0; i < c2 * 49; i++)
            wrong +=
                m->layer[EO_CLASSIFIER].weight.f32[o * c2 * 49 + i] != linear_value(o, kept2[i / 49], i % 49);
    }
    return wrong == 0;
}

static void test_places(void)
{
    static const double levels[] = {0, 0.25, 0.3, 0.5, 0.7, 0.95, 0.999};
    int kept1[EO_MAX_C1], kept2[EO_MAX_C2];
    struct eo_model base, m;
    struct eo_err err = {""};

    init(&base, EO_FP32, 16, 32);
    fill(&base);
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        int ok;

        check(prune(&base, levels[i], &m, &err) == 0, "prune", "success", err.msg);
        list_kept(16, eo_prune_keep_count(16, levels[i]), kept1);
        list_kept(32, eo_prune_keep_count(32, levels[i]), kept2);
        ok = m.shape.c1 == eo_prune_keep_count(16, levels[i]) &&
             m.shape.c2 == eo_prune_keep_count(32, levels[i]);
        check(ok, "shape", "the counts above", "others");
        check(ok && places_right(&base, &m, kept1, kept2), "weights", "each at its place", "others");
        eo_model_release(&m);
    }
    eo_model_release(&base);
}

static void test_metadata(void)
{
    struct eo_model base, once, twice, again;
    struct eo_err err = {""};

    init(&base, EO_FP32, 4, 4);
    fill(&base); /* ranks 3 0 1 2 */
    check(eo_model_meta_set(&base, "seed", "7", &err) == 0, "set", "success", err.msg);
    check(prune(&base, 0.25, &once, &err) == 0, "prune", "success", err.msg);
    check_text("passed on", "7", eo_model_meta_get(&once, "seed"));
    check_text("level", "0.25", eo_model_meta_get(&once, "pruning_level"));
    check_text("kept", "0,2,3", eo_model_meta_get(&once, "conv1_kept"));
    check_text("kept", "0,2,3", eo_model_meta_get(&once, "conv2_kept"));
    check(prune(&once, 0.5, &twice, &err) == 0, "prune again", "success", err.msg);
    check_text("level of both", "0.625", eo_model_meta_get(&twice, "pruning_level"));
    check_text("kept of the base", "0,3", eo_model_meta_get(&twice, "conv1_kept"));
    check_text("kept of the base", "0,3", eo_model_meta_get(&twice, "conv2_kept"));
    check(prune(&once, 0, &again, &err) == 0, "prune by 0", "success", err.msg);
    check_text("level unchanged", "0.25", eo_model_meta_get(&again, "pruning_level"));
    check_text("kept unchanged", "0,2,3", eo_model_meta_get(&again, "conv1_kept"));
    eo_model_release(&again);
    check(eo_model_meta_set(&once, "pruning_level", "0.9999999999999999", &err) == 0 &&
              prune(&once, 0.9999999999999999, &again, &err) == 0,
          "levels next to 1", "success", err.msg);
    check_text("stays below 1", "0.9999999999", eo_model_meta_get(&again, "pruning_level"));
    eo_model_release(&again);
    check(eo_model_meta_set(&once, "conv1_kept", "1", &err) == 0 && prune(&once, 0, &again, &err) == -1,
          "a list too short", "a refusal", "success");
    check_text("a list too short", "metadata 'conv1_kept': expected 3 channels as in the tensors, found 1",
               err.msg);
    eo_model_release(&base);
    eo_model_release(&once);
    eo_model_release(&twice);
}

/* Equal norms: the first ones stay, on every platform. */
static void test_ties(void)
{
    struct eo_model base, m;
    struct eo_err err = {""};

    init(&base, EO_FP32, 6, 4);
    check(prune(&base, 0.5, &m, &err) == 0, "prune zeros", "success", err.msg);
    check_text("ties", "0,1,2", eo_model_meta_get(&m, "conv1_kept"));
    check_text("ties", "0,1", eo_model_meta_get(&m, "conv2_kept"));
    eo_model_release(&m);
    eo_model_release(&base);
}

static void test_refusals(void)
{
    static const struct {
        enum eo_precision precision;
        double level;
        const char *message;
    } cases[] = {
        {EO_FP16, 0.5, "expected an fp32 model, found fp16: prune before eo-quant"},
        {EO_INT8, 0.5, "expected an fp32 model, found int8: prune before eo-quant"},
        {EO_FP32, 1, "expected a pruning level of at least 0 and below 1, found 1"},
        {EO_FP32, -0.1, "expected a pruning level of at least 0 and below 1, found -0.1"},
        {EO_FP32, NAN, "expected a pruning level of at least 0 and below 1, found nan"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_model base, m;
        struct eo_err err = {""};

        init(&base, cases[i].precision, 2, 2);
        check(prune(&base, cases[i].level, &m, &err) == -1, "prune", cases[i].message, "success");
        check_text("refusal", cases[i].message, err.msg);
        check(!m.storage, "after failure", "an empty model", "a full one");
        eo_model_release(&base);
    }
}

/* The kept channels as "0,2 1,3", or the message. */
static void check_plan(const char *what, const struct eo_model *m, const struct eo_saliency *scores,
                       const struct eo_prune_options *opt, const char *expected)
{
    struct eo_prune_plan plan;
    struct eo_err err = {""};
    char found[600] = "";

    if (eo_prune_plan(&plan, m, scores, opt, &err)) {
        check_text(what, expected, err.msg);
        return;
    }
    for (int l = 0; l < EO_CLASSIFIER; l++) {
        for (int i = 0; i < plan.count[l]; i++)
            snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%d",
                     i   ? ","
                     : l ? " "
                         : "",
                     plan.kept[l][i]);
    }
    check_text(what, expected, found);
}

/*
 * Both layers ranked together. The root mean squares are 5 and 1, so that conv1 has 0.2 1.4 1 1 beside conv2's
 * 0.5 0.5 0.5 0.5 1 2: first goes 0 of conv1, then 3 2 1 0 4 of conv2, then 3 2 of conv1.
 */
static void test_global(void)
{
    static const struct eo_saliency scores = {.layer = {{1, 7, 5, 5}, {0.5, 0.5, 0.5, 0.5, 1, 2}}};
    static const struct eo_saliency flat = {.layer = {{2, 2, 2, 2}, {0}}};
    static const struct {
        const struct eo_saliency *scores;
        double level;
        int multiple;
        const char *kept;
    } cases[] = {
        {&scores, 0, 1, "0,1,2,3 0,1,2,3,4,5"},
        {&scores, 0.1, 1, "1,2,3 0,1,2,3,4,5"},
        {&scores, 0.25, 1, "1,2,3 0,1,2,4,5"}, /* 2.5 is 2 */
        {&scores, 0.35, 1, "1,2,3 0,4,5"},     /* 3.5 is 4 */
        {&scores, 0.5, 1, "1,2,3 4,5"},
        {&scores, 0.6, 1, "1,2,3 5"},
        {&scores, 0.7, 1, "1,2 5"},
        {&scores, 0.8, 1, "1 5"},
        {&scores, 0.9, 1, "1 5"}, /* one of each stays */
        {&scores, 0.999, 1, "1 5"},
        {&scores, 0.5, 2, "0,1,2,3 4,5"}, /* 3 and 2 would be left */
        {&scores, 0.9, 2, "1,2 4,5"},     /* two of each stay */
        {&flat, 0.6, 1, "0,1,2 0"},       /* scores of zero go first, but for the last channel */
    };
    struct eo_model m;

    init(&m, EO_FP32, 4, 6);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct eo_prune_options opt = {.level = eo_level_uniform(cases[i].level),
                                             .scope = EO_SCOPE_GLOBAL,
                                             .multiple = cases[i].multiple};
        char what[64];

        snprintf(what, sizeof(what), "global, level %g, multiple %d", cases[i].level, cases[i].multiple);
        check_plan(what, &m, cases[i].scores, &opt, cases[i].kept);
    }
    eo_model_release(&m);
}

/* Four steps end where one would; each is counted from the channels before any pruning, and says so. */
static void test_steps(void)
{
    static const struct {
        struct eo_level level;
        int multiple;
        struct eo_shape shape[4];
        const char *text[4];
    } cases[] = {
        {{1, {0.7}}, 1, {{13, 26}, {10, 21}, {8, 15}, {5, 10}}, {"0.175", "0.35", "0.525", "0.70"}},
        {{2, {0.25, 0.5}},
         1,
         {{15, 28}, {14, 24}, {13, 20}, {12, 16}},
         {"0.0625x0.125", "0.125x0.25", "0.1875x0.375", "0.25x0.50"}},
        {{1, {0.7}}, 8, {{16, 24}, {8, 24}, {8, 16}, {8, 8}}, {"0.175", "0.35", "0.525", "0.70"}},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_prune_options opt = {.level = cases[i].level, .multiple = cases[i].multiple};
        struct eo_model m, next;
        struct eo_err err = {""};

        init(&m, EO_FP32, 16, 32);
        fill(&m);
        check(prune_by(&m, &opt, &next, &err) == 0, "at once", "success", err.msg);
        check(next.shape.c1 == cases[i].shape[3].c1 && next.shape.c2 == cases[i].shape[3].c2, "at once",
              "the counts of the last step", "others");
        eo_model_release(&next);
        opt.steps = 4;
        for (int k = 0; k < 4; k++) {
            opt.step = k + 1;
            check(prune_by(&m, &opt, &next, &err) == 0, "step", "success", err.msg);
            check_that(next.shape.c1 == cases[i].shape[k].c1 && next.shape.c2 == cases[i].shape[k].c2,
                       "step %d/4 of case %zu: expected %d/%d channels, found %d/%d", k + 1, i,
                       cases[i].shape[k].c1, cases[i].shape[k].c2, next.shape.c1, next.shape.c2);
            check_text("level of a step", cases[i].text[k], eo_model_meta_get(&next, "pruning_level"));
            check_text("where it began", "16,32", eo_model_meta_get(&next, "base_channels"));
            eo_model_release(&m);
            m = next;
        }
        eo_model_release(&m);
    }
}

/* In the scope global it is the number in all that the steps agree on. */
static void test_global_steps(void)
{
    struct eo_prune_options opt = {.level = {1, {0.7}}, .scope = EO_SCOPE_GLOBAL, .multiple = 1, .steps = 3};
    static const int left[3] = {48 - 11, 48 - 22, 48 - 34};
    struct eo_model m, next;
    struct eo_err err = {""};

    init(&m, EO_FP32, 16, 32);
    fill(&m);
    for (opt.step = 1; opt.step <= 3; opt.step++) {
        check(prune_by(&m, &opt, &next, &err) == 0, "global step", "success", err.msg);
        check_that(next.shape.c1 + next.shape.c2 == left[opt.step - 1],
                   "global step %d: expected %d channels, found %d", opt.step, left[opt.step - 1],
                   next.shape.c1 + next.shape.c2);
        eo_model_release(&m);
        m = next;
    }
    check_text("scope", "global", eo_model_meta_get(&m, "pruning_scope"));
    opt.step = 1;
    check(prune_by(&m, &opt, &next, &err) == -1, "a step back", "a refusal", "success");
    check_text("a step back", "step 1/3: expected at least the 37 channels that it leaves, found 14",
               err.msg);
    eo_model_release(&m);
}

static void test_step_text(void)
{
    static const struct {
        const char *text;
        int step, steps; /* 0 where it is refused */
    } cases[] = {
        {"1/1", 1, 1},         {"3/4", 3, 4},
        {"100/100", 100, 100}, {"0/4", 0, 0},
        {"5/4", 0, 0},         {"1/101", 0, 0},
        {"/4", 0, 0},          {"1/", 0, 0},
        {"1", 0, 0},           {"", 0, 0},
        {"1/4/4", 0, 0},       {"-1/4", 0, 0},
        {"1 /4", 0, 0},        {"0000000000001/4", 0, 0},
        {"a/b", 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int step = 0, steps = 0, rc;
        struct eo_err err = {""};

        rc = eo_prune_parse_step(cases[i].text, &step, &steps, &err);
        check_that(rc == (cases[i].steps ? 0 : -1) && step == cases[i].step && steps == cases[i].steps,
                   "step '%s': expected %d of %d, found %d of %d", cases[i].text, cases[i].step,
                   cases[i].steps, step, steps);
    }
    check(eo_prune_parse_step("5/4", &(int){0}, &(int){0}, NULL) == -1, "no message wanted", "a refusal",
          "success");
}

/* What the options and the model's history must be, for a plan to exist. */
static void test_plan_refusals(void)
{
    static const struct eo_saliency scores = {.layer = {{1, 2, 3}, {1, 2, 3}}};
    static const struct {
        const char *key, *value; /* of the metadata, or NULL */
        struct eo_prune_options opt;
        const char *message;
    } cases[] = {
        {NULL,
         NULL,
         {.level = {2, {0.25, 0.5}}, .scope = EO_SCOPE_GLOBAL, .multiple = 1},
         "'pruning_scope: global': expected one level for all layers, found '0.25x0.50'"},
        {NULL,
         NULL,
         {.level = {2, {0.5, 1}}, .multiple = 1},
         "expected a pruning level of at least 0 and below 1, found 1"},
        {NULL,
         NULL,
         {.level = {1, {0.5}}, .multiple = 1, .step = 3, .steps = 2},
         "expected a step K/N with 1 <= K <= N <= 100, found 3/2"},
        {NULL,
         NULL,
         {.level = {1, {0.5}}, .multiple = 1, .step = 0, .steps = 2},
         "expected a step K/N with 1 <= K <= N <= 100, found 0/2"},
        {"conv1_kept",
         "0,1,2",
         {.level = {1, {0.5}}, .multiple = 1, .step = 1, .steps = 2},
         "metadata 'base_channels': missing, and a step of a model that was pruned needs it"},
        {"base_channels",
         "16,32",
         {.level = {1, {0.5}}, .multiple = 1, .step = 1, .steps = 2},
         "step 1/2: expected at least the 12 channels of conv1 that it leaves, found 3"},
        {"base_channels",
         "3,32",
         {.level = {1, {0.5}}, .multiple = 1, .step = 1, .steps = 2},
         "step 1/2: expected at least the 24 channels of conv2 that it leaves, found 3"},
        {"base_channels",
         "16",
         {.level = {1, {0.5}}, .multiple = 1, .step = 1, .steps = 2},
         "metadata 'base_channels': expected two numbers with a comma between, found '16'"},
        {"base_channels",
         "2,32",
         {.level = {1, {0.5}}, .multiple = 1, .step = 1, .steps = 2},
         "metadata 'base_channels': expected an integer in 3..64, found '2'"},
        {"base_channels",
         "16,129",
         {.level = {1, {0.5}}, .multiple = 1, .step = 1, .steps = 2},
         "metadata 'base_channels': expected an integer in 3..128, found '129'"},
        /* Without steps the history does not matter. */
        {"base_channels", "16,32", {.level = {1, {0.5}}, .multiple = 1}, "1,2 1,2"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_model m;
        struct eo_err err = {""};

        init(&m, EO_FP32, 3, 3);
        if (cases[i].key)
            check(eo_model_meta_set(&m, cases[i].key, cases[i].value, &err) == 0, "set", "success", err.msg);
        check_plan("plan", &m, &scores, &cases[i].opt, cases[i].message);
        eo_model_release(&m);
    }
}

static void check_described(const struct eo_model *m, const char *level, const char *criterion,
                            const char *scope)
{
    check_text("level", level, eo_model_meta_get(m, "pruning_level"));
    check_text("criterion", criterion, eo_model_meta_get(m, "pruning_criterion"));
    check_text("scope", scope, eo_model_meta_get(m, "pruning_scope"));
}

/* A level of 0 removes nothing and so says nothing, unless there was nothing before. */
static void test_describe(void)
{
    struct eo_prune_options opt = {.multiple = 1};
    struct eo_err err = {""};
    struct eo_model m;

    init(&m, EO_FP32, 2, 2);
    check(eo_prune_describe(&m, EO_CRITERION_FPGM, &opt, &err) == 0, "level 0", "success", err.msg);
    check_described(&m, "0.00", "none", "(null)");
    opt.level = (struct eo_level){2, {0.25, 0.5}};
    check(eo_prune_describe(&m, EO_CRITERION_FPGM, &opt, &err) == 0, "per layer", "success", err.msg);
    check_described(&m, "0.25x0.50", "fpgm", "layer");
    opt.level = eo_level_uniform(0);
    check(eo_prune_describe(&m, EO_CRITERION_L2, &opt, &err) == 0, "level 0 again", "success", err.msg);
    check_described(&m, "0.25x0.50", "fpgm", "layer");
    opt = (struct eo_prune_options){.level = {1, {0.5}}, .scope = EO_SCOPE_GLOBAL, .multiple = 1};
    check(eo_prune_describe(&m, EO_CRITERION_TAYLOR, &opt, &err) == 0, "composed", "success", err.msg);
    check_described(&m, "0.625x0.75", "taylor", "global");
    eo_model_release(&m);
}

static void test_score_table(void)
{
    static const struct eo_saliency scores = {.criterion = EO_CRITERION_FPGM,
                                              .layer = {{0.1, 2}, {3, 1e-20, 4}}};
    static const struct eo_prune_plan plan = {.count = {1, 2}, .kept = {{1}, {0, 2}}};
    struct eo_buf text = {0};
    struct eo_err err = {""};
    struct eo_model m;

    init(&m, EO_FP32, 2, 3);
    check(eo_model_meta_set(&m, "conv2_kept", "0,4,31", &err) == 0, "set", "success", err.msg);
    check(eo_prune_put_scores(&m, &scores, &plan, &text, &err) == 0, "table", "success", err.msg);
    check_text("table",
               "layer,channel,base_channel,criterion,score,kept\n"
               "conv1,0,0,fpgm,0.1,0\nconv1,1,1,fpgm,2.0,1\n"
               "conv2,0,0,fpgm,3.0,1\nconv2,1,4,fpgm,1e-20,0\nconv2,2,31,fpgm,4.0,1\n",
               text.data);
    eo_buf_release(&text);
    check(eo_model_meta_set(&m, "base_channels", "2,30", &err) == 0 &&
              eo_prune_put_scores(&m, &scores, &plan, &text, &err) == -1,
          "a channel that never was", "a refusal", "success");
    check_text("a channel that never was", "metadata 'conv2_kept': expected an integer in 5..29, found '31'",
               err.msg);
    eo_buf_release(&text);
    eo_model_release(&m);
}

int main(void)
{
    test_keep_count();
    test_round_count();
    test_select();
    test_global();
    test_places();
    test_metadata();
    test_steps();
    test_global_steps();
    test_step_text();
    test_plan_refusals();
    test_describe();
    test_score_table();
    test_ties();
    test_refusals();
    return check_report("test_prune");
}
