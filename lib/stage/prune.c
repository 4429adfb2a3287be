#include "stage/prune.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "format/csv.h"

/* ---- how many stay, and which ------------------------------------------------------------------------------- */

int eo_prune_parse_step(const char *text, int *step, int *steps, struct eo_err *err)
{
    const char *slash = strchr(text, '/');
    char first[8] = "";
    int64_t k, n;

    if (slash && slash - text < (long)sizeof(first))
        memcpy(first, text, (size_t)(slash - text));
    if (!slash || strspn(text, "0123456789/") != strlen(text) ||
        eo_num_parse_i64(slash + 1, 1, EO_PRUNE_STEPS_MAX, &n, NULL) || eo_num_parse_i64(first, 1, n, &k, NULL))
        return eo_err_set(err, "expected K/N with 1 <= K <= N <= %d, found '%.40s'", EO_PRUNE_STEPS_MAX, text);
    *step = (int)k;
    *steps = (int)n;
    return 0;
}

int eo_prune_check(const struct eo_prune_options *opt, struct eo_err *err)
{
    char text[EO_LEVEL_TEXT];

    if (!(opt->level.conv1 >= 0 && opt->level.conv1 < 1))
        return eo_err_set(err, "expected a pruning level of at least 0 and below 1, found %g", opt->level.conv1);
    if (!(opt->level.conv2 >= 0 && opt->level.conv2 < 1))
        return eo_err_set(err, "expected a pruning level of at least 0 and below 1, found %g", opt->level.conv2);
    if (opt->scope == EO_SCOPE_GLOBAL && !eo_level_is_uniform(opt->level)) {
        eo_level_text(opt->level, text);
        return eo_err_set(err, "'pruning_scope: global': expected one level for both layers, found '%s'", text);
    }
    if (opt->steps && !(opt->step >= 1 && opt->step <= opt->steps && opt->steps <= EO_PRUNE_STEPS_MAX))
        return eo_err_set(err, "expected a step K/N with 1 <= K <= N <= %d, found %d/%d", EO_PRUNE_STEPS_MAX,
                          opt->step, opt->steps);
    return 0;
}

int eo_prune_keep_count(int channels, double level)
{
    int keep = (int)rint(channels * (1 - level));

    return keep > 1 ? keep : 1;
}

int eo_prune_round_count(int keep, int channels, int multiple)
{
    int rounded = (2 * keep + multiple) / (2 * multiple) * multiple;

    if (keep >= channels)
        return channels;
    rounded = rounded > multiple ? rounded : multiple;
    return rounded < channels ? rounded : channels;
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

/* The level that the options ask for, counted from what they count from. The last step has it as it is written. */
static double part_of(double level, const struct eo_prune_options *opt)
{
    return opt->step == opt->steps ? level : level * opt->step / opt->steps;
}

/* What the level counts from: the model's own channels, or with steps those of the model that was trained. */
static int counted_shape(const struct eo_model *m, const struct eo_prune_options *opt, struct eo_shape *from,
                         struct eo_err *err)
{
    *from = m->shape;
    if (!opt->steps)
        return 0;
    if (eo_model_base_shape(m, from, err))
        return -1;
    if (!from->c1)
        return eo_err_set(err, "metadata 'base_channels': missing, and a step of a model that was pruned needs it");
    return 0;
}

static int too_few(const char *where, int found, int keep, const struct eo_prune_options *opt, struct eo_err *err)
{
    return eo_err_set(err, "step %d/%d: expected at least the %d channels%s that it leaves, found %d", opt->step,
                      opt->steps, keep, where, found);
}

static int count_by_layer(struct eo_prune_plan *plan, const struct eo_shape *shape, const struct eo_shape *from,
                          const struct eo_prune_options *opt, struct eo_err *err)
{
    const double level[EO_SCORE_LAYERS] = {part_of(opt->level.conv1, opt), part_of(opt->level.conv2, opt)};

    for (int l = 0; l < EO_SCORE_LAYERS; l++) {
        int had = eo_shape_outputs(from, (enum eo_layer)l), has = eo_shape_outputs(shape, (enum eo_layer)l);
        int keep = eo_prune_round_count(eo_prune_keep_count(had, level[l]), had, opt->multiple);

        if (keep > has)
            return too_few(l == EO_CONV1 ? " of conv1" : " of conv2", has, keep, opt, err);
        plan->count[l] = keep;
    }
    return 0;
}

static double root_mean_square(const double *x, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum / n);
}

/* The channels of a layer in the order in which they go: rising scores, of equal ones the last first. */
static void order_of_removal(const double *scores, int n, int *order)
{
    for (int i = 0; i < n; i++) {
        int before = 0;

        for (int k = 0; k < n; k++)
            before += scores[k] < scores[i] || (scores[k] == scores[i] && k > i);
        order[before] = i;
    }
}

/* Takes `remove` channels away, one after the other from the layer whose next one has the smaller share. */
static void rank_globally(struct eo_prune_plan *plan, const struct eo_shape *shape, const struct eo_scores *scores,
                          int remove, int multiple)
{
    int order[EO_SCORE_LAYERS][EO_MAX_C2], gone[EO_SCORE_LAYERS] = {0}, most[EO_SCORE_LAYERS];
    double unit[EO_SCORE_LAYERS];

    for (int l = 0; l < EO_SCORE_LAYERS; l++) {
        int n = eo_shape_outputs(shape, (enum eo_layer)l);
        double rms = root_mean_square(scores->layer[l], n);

        unit[l] = rms > 0 ? rms : 1;
        most[l] = n - (multiple < n ? multiple : n);
        order_of_removal(scores->layer[l], n, order[l]);
    }
    for (; remove > 0 && (gone[0] < most[0] || gone[1] < most[1]); remove--) {
        int l = gone[0] == most[0];

        if (gone[0] < most[0] && gone[1] < most[1])
            l = scores->layer[1][order[1][gone[1]]] / unit[1] <= scores->layer[0][order[0][gone[0]]] / unit[0];
        gone[l]++;
    }
    for (int l = 0; l < EO_SCORE_LAYERS; l++) {
        int n = eo_shape_outputs(shape, (enum eo_layer)l);

        plan->count[l] = eo_prune_round_count(n - gone[l], n, multiple);
    }
}

static int count_globally(struct eo_prune_plan *plan, const struct eo_shape *shape, const struct eo_shape *from,
                          const struct eo_scores *scores, const struct eo_prune_options *opt, struct eo_err *err)
{
    int had = from->c1 + from->c2, has = shape->c1 + shape->c2;
    int keep = had - (int)rint(part_of(opt->level.conv1, opt) * had);

    /* Rounding to a multiple may have taken more than the step before asked for. */
    if (keep > has && opt->multiple == 1)
        return too_few("", has, keep, opt, err);
    rank_globally(plan, shape, scores, has - keep, opt->multiple);
    return 0;
}

int eo_prune_plan(struct eo_prune_plan *plan, const struct eo_model *m, const struct eo_scores *scores,
                  const struct eo_prune_options *opt, struct eo_err *err)
{
    struct eo_shape from;
    int rc;

    if (eo_prune_check(opt, err) || counted_shape(m, opt, &from, err))
        return -1;
    rc = opt->scope == EO_SCOPE_GLOBAL ? count_globally(plan, &m->shape, &from, scores, opt, err)
                                       : count_by_layer(plan, &m->shape, &from, opt, err);
    for (int l = 0; !rc && l < EO_SCORE_LAYERS; l++)
        eo_prune_select(scores->layer[l], eo_shape_outputs(&m->shape, (enum eo_layer)l), plan->count[l], plan->kept[l]);
    return rc;
}

/* ---- the smaller model -------------------------------------------------------------------------------------- */

/*
 * Copies the rows `rows` of a layer, and of each row the groups `groups` of `group` consecutive weights; NULL
 * stands for all of them.
 */
static void copy_layer(const struct eo_model *base, struct eo_model *out, enum eo_layer layer, const int *rows,
                       const int *groups, int group)
{
    const struct eo_model_layer *from = &base->layer[layer];
    const struct eo_model_layer *to = &out->layer[layer];
    size_t terms = (size_t)eo_shape_terms(&base->shape, layer), bytes = (size_t)group * sizeof(float);
    int outputs = eo_shape_outputs(&out->shape, layer), count = eo_shape_terms(&out->shape, layer) / group, o, g;
    float *w = to->weight.f32;

    for (o = 0; o < outputs; o++) {
        size_t row = (size_t)(rows ? rows[o] : o);

        to->bias.f32[o] = from->bias.f32[row];
        for (g = 0; g < count; g++, w += group)
            memcpy(w, from->weight.f32 + row * terms + (size_t)(groups ? groups[g] : g) * (size_t)group, bytes);
    }
}

/* The kept channels of a layer, by their places in the model that was trained. */
static int set_kept(struct eo_model *out, const struct eo_model *m, const struct eo_prune_plan *plan, int layer,
                    struct eo_err *err)
{
    const char *key = layer == EO_CONV1 ? "conv1_kept" : "conv2_kept";
    struct eo_buf text = {0};
    int before[EO_MAX_C2], rc;

    if (eo_model_kept(m, (enum eo_layer)layer, before, err))
        return -1;
    for (int i = 0; i < plan->count[layer]; i++)
        eo_buf_printf(&text, "%s%d", i ? "," : "", before[plan->kept[layer][i]]);
    rc = eo_buf_check(&text, err) || eo_model_meta_set(out, key, text.data, err) ? -1 : 0;
    eo_buf_release(&text);
    return rc;
}

static int set_base_channels(struct eo_model *out, const struct eo_model *m, struct eo_err *err)
{
    struct eo_shape base;
    char text[32];

    if (eo_model_base_shape(m, &base, err))
        return -1;
    snprintf(text, sizeof(text), "%d,%d", base.c1, base.c2);
    return base.c1 ? eo_model_meta_set(out, "base_channels", text, err) : 0;
}

int eo_prune_apply(const struct eo_prune_plan *plan, const struct eo_model *m, struct eo_model *out,
                   struct eo_err *err)
{
    const struct eo_shape shape = {plan->count[EO_CONV1], plan->count[EO_CONV2]};
    const int *conv1 = plan->kept[EO_CONV1], *conv2 = plan->kept[EO_CONV2];

    if (eo_model_init(out, EO_FP32, shape, err))
        return -1;
    copy_layer(m, out, EO_CONV1, conv1, NULL, 9);
    copy_layer(m, out, EO_CONV2, conv2, conv1, 9);
    copy_layer(m, out, EO_CLASSIFIER, NULL, conv2, EO_POOL2_PIXELS);
    if (eo_model_meta_copy(out, m, err) || set_kept(out, m, plan, EO_CONV1, err) ||
        set_kept(out, m, plan, EO_CONV2, err) || set_base_channels(out, m, err)) {
        eo_model_release(out);
        return -1;
    }
    return 0;
}

/* ---- what the metadata and the table say -------------------------------------------------------------------- */

/* The share taken from the trained model when `share` is taken from what `before` left. */
static double compose(double before, double share)
{
    return before > 0 && share > 0 ? 1 - (1 - before) * (1 - share) : fmax(before, share);
}

static int set_level(struct eo_model *out, const struct eo_prune_options *opt, struct eo_err *err)
{
    struct eo_level level = {part_of(opt->level.conv1, opt), part_of(opt->level.conv2, opt)};
    struct eo_level before = eo_model_pruning_level(out);
    char text[EO_LEVEL_TEXT];

    if (!opt->steps)
        level = (struct eo_level){compose(before.conv1, level.conv1), compose(before.conv2, level.conv2)};
    eo_level_text(level, text);
    return eo_model_meta_set(out, "pruning_level", text, err);
}

int eo_prune_describe(struct eo_model *out, enum eo_criterion criterion, const struct eo_prune_options *opt,
                      struct eo_err *err)
{
    const char *scope = opt->scope == EO_SCOPE_GLOBAL ? "global" : "layer";

    if (set_level(out, opt, err))
        return -1;
    if (eo_level_is_zero(eo_model_pruning_level(out)))
        return eo_model_meta_set(out, "pruning_criterion", "none", err);
    if (eo_level_is_zero(opt->level))
        return 0;
    return eo_model_meta_set(out, "pruning_criterion", eo_criterion_name(criterion), err) ||
                   eo_model_meta_set(out, "pruning_scope", scope, err)
               ? -1
               : 0;
}

int eo_prune(struct eo_prune_plan *plan, const struct eo_model *m, const struct eo_scores *scores,
             const struct eo_prune_options *opt, struct eo_model *out, struct eo_err *err)
{
    memset(out, 0, sizeof(*out));
    if (eo_prune_plan(plan, m, scores, opt, err) || eo_prune_apply(plan, m, out, err))
        return -1;
    if (eo_prune_describe(out, scores->criterion, opt, err)) {
        eo_model_release(out);
        return -1;
    }
    return 0;
}

int eo_prune_put_scores(const struct eo_model *m, const struct eo_scores *scores, const struct eo_prune_plan *plan,
                        struct eo_buf *out, struct eo_err *err)
{
    eo_buf_puts(out, "layer,channel,base_channel,criterion,score,kept\n");
    for (int l = 0; l < EO_SCORE_LAYERS; l++) {
        int base[EO_MAX_C2], next = 0;

        if (eo_model_kept(m, (enum eo_layer)l, base, err))
            return -1;
        for (int c = 0; c < eo_shape_outputs(&m->shape, (enum eo_layer)l); c++) {
            int kept = next < plan->count[l] && plan->kept[l][next] == c;

            next += kept;
            eo_buf_printf(out, "%s,%d,%d,%s,", eo_layer_name((enum eo_layer)l), c, base[c],
                          eo_criterion_name(scores->criterion));
            eo_csv_put_double(out, scores->layer[l][c], ',');
            eo_csv_put_int(out, kept, '\n');
        }
    }
    return 0;
}
