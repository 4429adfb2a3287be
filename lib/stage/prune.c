#include "stage/prune.h"

#include <math.h>
#include <string.h>

/* Channels that stay, as indices in the model at hand. */
struct selection {
    struct eo_shape shape;
    int conv1[EO_MAX_C1];
    int conv2[EO_MAX_C2];
};

void eo_prune_score_l1(const struct eo_model *m, enum eo_layer layer, double *scores)
{
    int outputs = eo_shape_outputs(&m->shape, layer), terms = eo_shape_terms(&m->shape, layer), o, t;
    const float *w = m->layer[layer].weight.f32;

    for (o = 0; o < outputs; o++) {
        scores[o] = 0;
        for (t = 0; t < terms; t++)
            scores[o] += fabs((double)*w++);
    }
}

int eo_prune_keep_count(int channels, double level)
{
    int keep = (int)rint(channels * (1 - level));

    return keep > 1 ? keep : 1;
}

void eo_prune_select(const double *scores, int n, int keep, int *kept)
{
    int i, k, count = 0;

    for (i = 0; i < n; i++) {
        int better = 0; /* channels that go before this one */

        for (k = 0; k < n; k++)
            better += scores[k] > scores[i] || (scores[k] == scores[i] && k < i);
        if (better < keep)
            kept[count++] = i;
    }
}

static void select_channels(const struct eo_model *base, double level, eo_prune_score_fn *score,
                            struct selection *s)
{
    double scores[EO_MAX_C2 > EO_MAX_C1 ? EO_MAX_C2 : EO_MAX_C1];

    s->shape.c1 = eo_prune_keep_count(base->shape.c1, level);
    s->shape.c2 = eo_prune_keep_count(base->shape.c2, level);
    score(base, EO_CONV1, scores);
    eo_prune_select(scores, base->shape.c1, s->shape.c1, s->conv1);
    score(base, EO_CONV2, scores);
    eo_prune_select(scores, base->shape.c2, s->shape.c2, s->conv2);
}

/*
 * Copies the rows `rows` of a layer, and of each row the groups `groups` of `group` consecutive weights; NULL
 * stands for all of them.
 */
static void copy_layer(const struct eo_model *base, struct eo_model *out, enum eo_layer layer,
                       const int *rows, const int *groups, int group)
{
    const struct eo_model_layer *from = &base->layer[layer];
    const struct eo_model_layer *to = &out->layer[layer];
    size_t terms = (size_t)eo_shape_terms(&base->shape, layer), bytes = (size_t)group * sizeof(float);
    int outputs = eo_shape_outputs(&out->shape, layer), count = eo_shape_terms(&out->shape, layer) / group, o,
        g;
    float *w = to->weight.f32;

    for (o = 0; o < outputs; o++) {
        size_t row = (size_t)(rows ? rows[o] : o);

        to->bias.f32[o] = from->bias.f32[row];
        for (g = 0; g < count; g++, w += group)
            memcpy(w, from->weight.f32 + row * terms + (size_t)(groups ? groups[g] : g) * (size_t)group,
                   bytes);
    }
}

/* Where entry `index` of a comma-separated list begins; NULL when it has fewer. */
static const char *list_entry(const char *list, int index)
{
    for (; index > 0 && list; index--) {
        list = strchr(list, ',');
        list = list ? list + 1 : NULL;
    }
    return list;
}

/* Sets `key` to the kept channels, looked up in the list that is there when the base was pruned before. */
static int set_kept(struct eo_model *out, const char *key, const int *kept, int count, struct eo_err *err)
{
    const char *before = eo_model_meta_get(out, key);
    struct eo_buf text = {0};
    int i, rc = -1;

    for (i = 0; i < count; i++) {
        const char *entry = before ? list_entry(before, kept[i]) : NULL;

        if (before && !entry) {
            eo_err_set(err, "metadata '%s': no entry for channel %d", key, kept[i]);
            goto out;
        }
        if (i)
            eo_buf_puts(&text, ",");
        if (before)
            eo_buf_append(&text, entry, strcspn(entry, ","));
        else
            eo_buf_printf(&text, "%d", kept[i]);
    }
    rc = eo_buf_check(&text, err) || eo_model_meta_set(out, key, text.data, err) ? -1 : 0;
out:
    eo_buf_release(&text);
    return rc;
}

/* The share taken from the trained model when `share` is taken from what `before` left. */
static double compose(double before, double share)
{
    return before > 0 && share > 0 ? 1 - (1 - before) * (1 - share) : fmax(before, share);
}

static int set_level(struct eo_model *out, double share, struct eo_err *err)
{
    struct eo_level level = eo_model_pruning_level(out);
    char text[EO_LEVEL_TEXT];

    level.conv1 = compose(level.conv1, share);
    level.conv2 = compose(level.conv2, share);
    eo_level_text(level, text);
    return eo_model_meta_set(out, "pruning_level", text, err);
}

int eo_prune(const struct eo_model *base, double level, struct eo_model *out, struct eo_err *err)
{
    struct selection s;

    memset(out, 0, sizeof(*out));
    if (base->precision != EO_FP32)
        return eo_err_set(err, "expected an fp32 model, found %s: prune before eo-quant",
                          eo_precision_name(base->precision));
    if (!(level >= 0 && level < 1))
        return eo_err_set(err, "expected a pruning level of at least 0 and below 1, found %g", level);
    select_channels(base, level, eo_prune_score_l1, &s);
    if (eo_model_init(out, EO_FP32, s.shape, err))
        return -1;
    copy_layer(base, out, EO_CONV1, s.conv1, NULL, 9);
    copy_layer(base, out, EO_CONV2, s.conv2, s.conv1, 9);
    copy_layer(base, out, EO_CLASSIFIER, NULL, s.conv2, EO_POOL2_PIXELS);
    if (eo_model_meta_copy(out, base, err) || set_kept(out, "conv1_kept", s.conv1, s.shape.c1, err) ||
        set_kept(out, "conv2_kept", s.conv2, s.shape.c2, err) || set_level(out, level, err)) {
        eo_model_release(out);
        return -1;
    }
    return 0;
}
