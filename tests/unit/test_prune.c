/* lib/stage/prune: how many channels stay, which, and that every weight lands where it belongs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage/prune.h"
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
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char what[64], expected[16], found[16];
        int keep = eo_prune_keep_count(cases[i].channels, cases[i].level);

        snprintf(what, sizeof(what), "keep of %d at level %g", cases[i].channels, cases[i].level);
        snprintf(expected, sizeof(expected), "%d", cases[i].keep);
        snprintf(found, sizeof(found), "%d", keep);
        check(keep == cases[i].keep, what, expected, found);
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
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char found[64] = "";
        int kept[6], k;

        eo_prune_select(cases[i].scores, 6, cases[i].keep, kept);
        for (k = 0; k < cases[i].keep; k++)
            snprintf(found + strlen(found), sizeof(found) - strlen(found), "%d ", kept[k]);
        check_text("selection", cases[i].kept, found);
    }
}

static void init(struct eo_model *m, enum eo_precision precision, int c1, int c2)
{
    struct eo_err err;

    if (eo_model_init(m, precision, (struct eo_shape){c1, c2}, &err)) {
        printf("cannot make a model: %s\n", err.msg);
        exit(1);
    }
}

static void test_scores(void)
{
    struct eo_model m;
    double scores[2];
    int t;

    init(&m, EO_FP32, 2, 1);
    for (t = 0; t < 9; t++) {
        m.layer[EO_CONV1].weight.f32[t] = t % 2 ? -0.5f : 0.25f;
        m.layer[EO_CONV1].weight.f32[9 + t] = t == 4 ? -100 : 0;
    }
    m.layer[EO_CONV1].bias.f32[0] = 1000; /* has no say */
    eo_prune_score_l1(&m, EO_CONV1, scores);
    check(scores[0] == 3.25 && scores[1] == 100, "L1 norms", "3.25, 100", "others");
    for (t = 0; t < 9; t++) /* a sum in float would lose the small ones */
        m.layer[EO_CONV1].weight.f32[t] = t ? 0x1p-24f : 1;
    eo_prune_score_l1(&m, EO_CONV1, scores);
    check(scores[0] == 1 + 8 * 0x1p-24, "a sum in double", "1 + 2^-21", "another");
    eo_model_release(&m);
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
    int c1 = m->shape.c1, c2 = m->shape.c2, o, i, k;

    for (o = 0; o < c1; o++) {
        m->layer[EO_CONV1].bias.f32[o] = (float)o;
        for (k = 0; k < 9; k++)
            m->layer[EO_CONV1].weight.f32[o * 9 + k] = conv_value(rank_of(o, c1), 0, k);
    }
    for (o = 0; o < c2; o++) {
        m->layer[EO_CONV2].bias.f32[o] = (float)-o;
        for (i = 0; i < c1 * 9; i++)
            m->layer[EO_CONV2].weight.f32[o * c1 * 9 + i] = conv_value(rank_of(o, c2), i / 9, i % 9);
    }
    for (o = 0; o < 10; o++) {
        m->layer[EO_CLASSIFIER].bias.f32[o] = (float)(o * o);
        for (i = 0; i < c2 * 49; i++)
            m->layer[EO_CLASSIFIER].weight.f32[o * c2 * 49 + i] = linear_value(o, i / 49, i % 49);
    }
}

/* The channels whose rank is among the `keep` highest, in order. */
static int list_kept(int channels, int keep, int *kept)
{
    int i, n = 0;

    for (i = 0; i < channels; i++) {
        if (rank_of(i, channels) >= channels - keep)
            kept[n++] = i;
    }
    return n;
}

static int places_right(const struct eo_model *base, const struct eo_model *m, const int *kept1,
                        const int *kept2)
{
    int c1 = m->shape.c1, c2 = m->shape.c2, o, i, wrong = 0;

    for (o = 0; o < c1; o++) {
        wrong += m->layer[EO_CONV1].bias.f32[o] != (float)kept1[o];
        for (i = 0; i < 9; i++)
            wrong += m->layer[EO_CONV1].weight.f32[o * 9 + i] !=
                     conv_value(rank_of(kept1[o], base->shape.c1), 0, i);
    }
    for (o = 0; o < c2; o++) {
        wrong += m->layer[EO_CONV2].bias.f32[o] != (float)-kept2[o];
        for (i = 0; i < c1 * 9; i++)
            wrong += m->layer[EO_CONV2].weight.f32[o * c1 * 9 + i] !=
                     conv_value(rank_of(kept2[o], base->shape.c2), kept1[i / 9], i % 9);
    }
    for (o = 0; o < 10; o++) {
        wrong += m->layer[EO_CLASSIFIER].bias.f32[o] != (float)(o * o);
        for (i = 0; i < c2 * 49; i++)
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
    size_t i;

    init(&base, EO_FP32, 16, 32);
    fill(&base);
    for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        int ok;

        check(eo_prune(&base, levels[i], &m, &err) == 0, "prune", "success", err.msg);
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
    check(eo_prune(&base, 0.25, &once, &err) == 0, "prune", "success", err.msg);
    check_text("passed on", "7", eo_model_meta_get(&once, "seed"));
    check_text("level", "0.25", eo_model_meta_get(&once, "pruning_level"));
    check_text("kept", "0,2,3", eo_model_meta_get(&once, "conv1_kept"));
    check_text("kept", "0,2,3", eo_model_meta_get(&once, "conv2_kept"));
    check(eo_prune(&once, 0.5, &twice, &err) == 0, "prune again", "success", err.msg);
    check_text("level of both", "0.625", eo_model_meta_get(&twice, "pruning_level"));
    check_text("kept of the base", "0,3", eo_model_meta_get(&twice, "conv1_kept"));
    check_text("kept of the base", "0,3", eo_model_meta_get(&twice, "conv2_kept"));
    check(eo_prune(&once, 0, &again, &err) == 0, "prune by 0", "success", err.msg);
    check_text("level unchanged", "0.25", eo_model_meta_get(&again, "pruning_level"));
    check_text("kept unchanged", "0,2,3", eo_model_meta_get(&again, "conv1_kept"));
    eo_model_release(&again);
    check(eo_model_meta_set(&once, "pruning_level", "0.9999999999999999", &err) == 0 &&
              eo_prune(&once, 0.9999999999999999, &again, &err) == 0,
          "levels next to 1", "success", err.msg);
    check_text("stays below 1", "0.9999999999", eo_model_meta_get(&again, "pruning_level"));
    eo_model_release(&again);
    check(eo_model_meta_set(&once, "conv1_kept", "1", &err) == 0 && eo_prune(&once, 0, &again, &err) == -1,
          "a list too short", "a refusal", "success");
    check_text("a list too short", "metadata 'conv1_kept': no entry for channel 1", err.msg);
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
    check(eo_prune(&base, 0.5, &m, &err) == 0, "prune zeros", "success", err.msg);
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
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_model base, m;
        struct eo_err err = {""};

        init(&base, cases[i].precision, 2, 2);
        check(eo_prune(&base, cases[i].level, &m, &err) == -1, "prune", cases[i].message, "success");
        check_text("refusal", cases[i].message, err.msg);
        check(!m.storage, "after failure", "an empty model", "a full one");
        eo_model_release(&base);
    }
}

int main(void)
{
    test_keep_count();
    test_select();
    test_scores();
    test_places();
    test_metadata();
    test_ties();
    test_refusals();
    return check_report("test_prune");
}
