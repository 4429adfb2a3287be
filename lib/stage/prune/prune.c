#include "stage/prune/prune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "format/csv.h"

/* ---- which channels are kept --------------------------------------------------------------------------- */

int eo_prune_parse_step(const char *text, int *step, int *steps, struct eo_err *err)
{
    const char *slash = strchr(text, '/');
    char first[8] = "";
    int64_t k, n;

    if (slash && slash - text < (long)sizeof(first))
        memcpy(first, text, (size_t)(slash - text));
    if (!slash || strspn(text, "0123456789/") != strlen(text) ||
        eo_num_parse_i64(slash + 1, 1, EO_PRUNE_STEPS_MAX, &n, NULL) ||
        eo_num_parse_i64(first, 1, n, &k, NULL))
        return eo_err_set(err, "expected K/N with 1 <= K <= N <= %d, found '%.40s'", EO_PRUNE_STEPS_MAX,
                          text);
    *step = (int)k;
    *steps = (int)n;
    return 0;
}

int eo_prune_check(const struct eo_prune_options *opt, struct eo_err *err)
{
    char text[EO_LEVEL_TEXT];

    for (int i = 0; i < opt->level.count || i == 0; i++) {
        double share = opt->level.share[i];

        if (!(share >= 0 && share < 1))
            return eo_err_set(err, "expected a pruning level of at least 0 and below 1, found %g", share);
    }
    if (opt->scope == EO_SCOPE_GLOBAL && !eo_level_is_uniform(opt->level)) {
        eo_level_text(opt->level, text);
        return eo_err_set(err, "'pruning_scope: global': expected one level for all layers, found '%s'",
                          text);
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
    int count = 0;

    for (int i = 0; i < n; i++) {
        int better = 0; /* channels with a larger score */

        for (int k = 0; k < n; k++)
            better += scores[k] > scores[i] || (scores[k] == scores[i] && k < i);
        if (better < keep)
            kept[count++] = i;
    }
}

/* The level of this step. The last step has it exactly as written. */
static double part_of(double level, const struct eo_prune_options *opt)
{
    return opt->step == opt->steps ? level : level * opt->step / opt->steps;
}

/* The channels that the level is a share of: the model's own, or with steps those of the model that was trained. */
static int counted_channels(const struct eo_model *m, const struct eo_spaces *spaces,
                            const struct eo_prune_options *opt, int *from, struct eo_err *err)
{
    memcpy(from, spaces->channels, sizeof(spaces->channels));
    if (!opt->steps)
        return 0;
    if (eo_spaces_base(m, from, err))
        return -1;
    if (spaces->count && !from[0])
        return eo_err_set(
            err, "metadata 'base_channels': missing, and a step of a model that was pruned needs it");
    return 0;
}

static int too_few(const char *where, int found, int keep, const struct eo_prune_options *opt,
                   struct eo_err *err)
{
    return eo_err_set(err, "step %d/%d: expected at least the %d channels%s that it leaves, found %d",
                      opt->step, opt->steps, keep, where, found);
}

static int count_by_layer(struct eo_prune_plan *plan, const struct eo_network *net, const int *from,
                          const struct eo_prune_options *opt, struct eo_err *err)
{
    for (int i = 0; i < plan->spaces.count; i++) {
        int has = plan->spaces.channels[i], is_pruned = !opt->one_space || opt->one_space == i + 1;
        int keep = eo_prune_keep_count(from[i], is_pruned ? part_of(eo_level_share(&opt->level, i), opt) : 0);
        char where[EO_NETWORK_NAME + 8];

        keep = eo_prune_round_count(keep, from[i], opt->multiple);
        snprintf(where, sizeof(where), " of %s", net->layer[plan->spaces.first[i]].name);
        if (keep > has)
            return too_few(where, has, keep, opt, err);
        plan->count[i] = keep;
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

/* The channels of a layer in the order of removal: rising scores, of equal ones the last first. */
static void order_of_removal(const double *scores, int n, int *order)
{
    for (int i = 0; i < n; i++) {
        int before = 0;

        for (int k = 0; k < n; k++)
            before += scores[k] < scores[i] || (scores[k] == scores[i] && k > i);
        order[before] = i;
    }
}

/* The channels of one space on their way out. */
struct queue {
    int order[EO_NETWORK_CHANNELS];
    int gone, most; /* removed, and at most */
    double unit;    /* by which its scores are divided */
};

static void queue_init(struct queue *q, const double *scores, int n, int multiple)
{
    double rms = root_mean_square(scores, n);

    q->unit = rms > 0 ? rms : 1;
    q->gone = 0;
    q->most = n - (multiple < n ? multiple : n);
    order_of_removal(scores, n, q->order);
}

/* The space whose next channel has the smallest normalised score, of equal ones the last; EO_SPACE_NONE. */
static int next_to_go(const struct queue *q, const struct eo_saliency *scores, int count)
{
    int best = EO_SPACE_NONE;
    double least = 0;

    for (int i = 0; i < count; i++) {
        double score;

        if (q[i].gone == q[i].most)
            continue;
        score = scores->layer[i][q[i].order[q[i].gone]] / q[i].unit;
        if (best == EO_SPACE_NONE || score <= least) {
            best = i;
            least = score;
        }
    }
    return best;
}

static int rank_globally(struct eo_prune_plan *plan, const struct eo_saliency *scores, int remove,
                         int multiple, struct eo_err *err)
{
    struct queue *q = eo_alloc((size_t)plan->spaces.count, sizeof(*q), err);
    int next;

    if (!q)
        return -1;
    for (int i = 0; i < plan->spaces.count; i++)
        queue_init(&q[i], scores->layer[i], plan->spaces.channels[i], multiple);
    for (; remove > 0 && (next = next_to_go(q, scores, plan->spaces.count)) != EO_SPACE_NONE; remove--)
        q[next].gone++;
    for (int i = 0; i < plan->spaces.count; i++) {
        int n = plan->spaces.channels[i];

        plan->count[i] = eo_prune_round_count(n - q[i].gone, n, multiple);
    }
    free(q);
    return 0;
}

static int count_globally(struct eo_prune_plan *plan, const int *from, const struct eo_saliency *scores,
                          const struct eo_prune_options *opt, struct eo_err *err)
{
    int had = 0, has = 0, keep;

    for (int i = 0; i < plan->spaces.count; i++) {
        had += from[i];
        has += plan->spaces.channels[i];
    }
    keep = had - (int)rint(part_of(opt->level.share[0], opt) * had);
    /* Rounding to a multiple may have removed more in the step before than it asked for. */
    if (keep > has && opt->multiple == 1)
        return too_few("", has, keep, opt, err);
    return rank_globally(plan, scores, has - keep, opt->multiple, err);
}

/* The message names the spaces in the order of the shares, as many as it has room for. */
static int check_shares(struct eo_level level, const struct eo_spaces *spaces, const struct eo_network *net,
                        struct eo_err *err)
{
    char names[300] = "";
    size_t at = 0;

    if (level.count <= 1 || level.count == spaces->count)
        return 0;
    if (spaces->count > EO_LEVEL_SHARES)
        return eo_err_set(err, "expected 1 share for all %d spaces of channels, found %d", spaces->count,
                          level.count);
    for (int i = 0; i < spaces->count && at < sizeof(names); i++)
        at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s", i ? ", " : "",
                               net->layer[spaces->first[i]].name);
    if (spaces->count == 1)
        return eo_err_set(err, "expected 1 share, as there is 1 space of channels (%s), found %d", names, level.count);
    return eo_err_set(err, "expected 1 share, or 1 for each of the %d spaces (%s), found %d", spaces->count, names,
                      level.count);
}

int eo_prune_check_level(struct eo_level level, const struct eo_network *net, struct eo_err *err)
{
    char text[EO_LEVEL_TEXT];
    struct eo_spaces spaces;
    int rc = 0;

    eo_level_text(level, text);
    eo_spaces_make(&spaces, net);
    if (spaces.count)
        rc = check_shares(level, &spaces, net, err);
    else if (!eo_level_is_zero(level))
        rc = eo_err_set(err, "expected 0, because this network has no channels that can be removed "
                             "(pruning_levels: [0])");
    return rc ? eo_err_prefix(err, "level %s", text) : 0;
}

/* The level, and that of the pruning before, have a share for each space, or one for all. */
static int check_network(const struct eo_spaces *spaces, const struct eo_model *m,
                         const struct eo_prune_options *opt, struct eo_err *err)
{
    if (eo_prune_check_level(opt->level, &m->network, err))
        return -1;
    if (spaces->count && check_shares(eo_model_pruning_level(m), spaces, &m->network, err))
        return eo_err_prefix(err, "metadata 'pruning_level'");
    return 0;
}

int eo_prune_plan(struct eo_prune_plan *plan, const struct eo_model *m, const struct eo_saliency *scores,
                  const struct eo_prune_options *opt, struct eo_err *err)
{
    int from[EO_NETWORK_LAYERS], rc;

    memset(plan, 0, sizeof(*plan));
    eo_spaces_make(&plan->spaces, &m->network);
    if (eo_prune_check(opt, err) || check_network(&plan->spaces, m, opt, err) ||
        counted_channels(m, &plan->spaces, opt, from, err))
        return -1;
    rc = opt->scope == EO_SCOPE_GLOBAL ? count_globally(plan, from, scores, opt, err)
                                       : count_by_layer(plan, &m->network, from, opt, err);
    for (int i = 0; !rc && i < plan->spaces.count; i++)
        eo_prune_select(scores->layer[i], plan->spaces.channels[i], plan->count[i], plan->kept[i]);
    return rc;
}

/* ---- metadata and table -------------------------------------------------------------------------------- */

/* The share of the trained model's channels that are removed in all when `share` of those that `before` left are. */
static double compose(double before, double share)
{
    return before > 0 && share > 0 ? 1 - (1 - before) * (1 - share) : fmax(before, share);
}

static int set_level(struct eo_model *out, const struct eo_prune_options *opt, struct eo_err *err)
{
    struct eo_level before = eo_model_pruning_level(out);
    int count = before.count > opt->level.count && !opt->steps ? before.count : opt->level.count;
    double shares[EO_LEVEL_SHARES];
    char text[EO_LEVEL_TEXT];

    for (int i = 0; i < count || i == 0; i++) {
        shares[i] = part_of(eo_level_share(&opt->level, i), opt);
        if (!opt->steps)
            shares[i] = compose(eo_level_share(&before, i), shares[i]);
    }
    eo_level_text(eo_level_of(shares, count > 1 ? count : 1), text);
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

static int set_slice(struct eo_model *out, const char *sha256, struct eo_err *err)
{
    return sha256 && *sha256 ? eo_model_meta_set(out, "prune_sha256", sha256, err) : 0;
}

int eo_prune(struct eo_prune_plan *plan, const struct eo_model *m, const struct eo_saliency *scores,
             const struct eo_prune_options *opt, struct eo_model *out, struct eo_err *err)
{
    memset(out, 0, sizeof(*out));
    if (eo_prune_plan(plan, m, scores, opt, err) || eo_prune_apply(plan, m, out, err))
        return -1;
    if (eo_prune_describe(out, scores->criterion, opt, err) || set_slice(out, opt->slice_sha256, err)) {
        eo_model_release(out);
        return -1;
    }
    return 0;
}

int eo_prune_put_scores(const struct eo_model *m, const struct eo_saliency *scores,
                        const struct eo_prune_plan *plan, struct eo_buf *out, struct eo_err *err)
{
    struct eo_spaces spaces;

    eo_spaces_make(&spaces, &m->network);
    eo_buf_puts(out, "layer,channel,base_channel,criterion,score,kept\n");
    for (int i = 0; i < spaces.count; i++) {
        int base[EO_NETWORK_CHANNELS], next = 0;

        if (eo_spaces_kept(m, i, base, err))
            return -1;
        for (int c = 0; c < spaces.channels[i]; c++) {
            int kept = next < plan->count[i] && plan->kept[i][next] == c;

            next += kept;
            eo_buf_printf(out, "%s,%d,%d,%s,", m->network.layer[spaces.first[i]].name, c, base[c],
                          eo_criterion_name(scores->criterion));
            eo_csv_put_double(out, scores->layer[i][c], ',');
            eo_csv_put_int(out, kept, '\n');
        }
    }
    return 0;
}
