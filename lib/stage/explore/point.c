#include "stage/explore/point.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/network_fold.h"
#include "stage/learn/train.h"
#include "stage/prune/prune.h"
#include "stage/quant/convert.h"
#include "stage/quant/quant.h"

static int is_scratch(const struct eo_config *cfg)
{
    return cfg->explore_from == EO_EXPLORE_SCRATCH;
}

int eo_explore_config(const struct eo_config *cfg, struct eo_config *out, struct eo_err *err)
{
    struct eo_buf slice = {0};
    int rc;

    eo_config_slice(cfg, EO_STAGE_EXPLORE, 0, &slice);
    rc = eo_buf_check(&slice, err) || eo_config_parse(out, slice.data, slice.len, err) ? -1 : 0;
    eo_buf_release(&slice);
    if (rc)
        return -1;
    out->epochs = out->fine_tune_epochs = out->explore_epochs;
    if (out->explore_images != EO_CONFIG_ALL &&
        (out->train_subset == EO_CONFIG_ALL || out->explore_images < out->train_subset))
        out->train_subset = out->explore_images;
    return 0;
}

static void find_images(struct eo_explore *e)
{
    const struct eo_images *test = &e->split.test;
    size_t used = e->cfg.validation == EO_VALIDATION_TEST ? e->split.validation.count : 0;

    e->unseen = (struct eo_images){test->pixels + used * eo_dims_elements(e->network.input),
                                   test->labels + used, test->count - used};
    eo_eval_images_sha256(&e->split.validation, e->network.input, e->images_sha256);
    if (e->unseen.count)
        eo_eval_images_sha256(&e->unseen, e->network.input, e->unseen_sha256);
}

static int score(struct eo_explore *e, struct eo_pool *pool, struct eo_err *err)
{
    const struct eo_saliency_options options = {.criterion = e->cfg.pruning_criteria[0],
                                                .seed = e->cfg.seeds[0],
                                                .images = e->split.train,
                                                .count = (size_t)e->cfg.pruning_images,
                                                .isa = e->isa,
                                                .pool = pool};

    return eo_saliency_run(&e->scores, e->base, &options, err);
}

/* Of a train_subset that explore_images has become, the message names the latter. */
static int split(struct eo_explore *e, struct eo_err *err)
{
    static const char key[] = "'train_subset'";
    struct eo_err said;

    if (!eo_split_make(&e->split, e->dataset, &e->cfg, err))
        return 0;
    said = *err;
    if (e->cfg.train_subset == e->cfg.explore_images && strncmp(said.msg, key, strlen(key)) == 0)
        eo_err_set(err, "'explore_images'%s", said.msg + strlen(key));
    return eo_err_prefix(err, "%s", e->dataset->folder);
}

int eo_explore_init(struct eo_explore *e, const struct eo_config *cfg, const struct eo_dataset *ds,
                    const struct eo_model *base, enum eo_isa isa, struct eo_pool *pool, struct eo_err *err)
{
    memset(e, 0, sizeof(*e));
    e->cfg = *cfg;
    e->dataset = ds;
    e->base = is_scratch(cfg) ? NULL : base;
    e->isa = isa;
    if (e->base)
        e->network = base->network;
    else if (eo_train_network(cfg, ds->dims, ds->classes, &e->network, err))
        return -1;
    if (eo_explore_grid_make(&e->grid, cfg, &e->network, err) || split(e, err))
        return -1;
    find_images(e);
    return e->base ? score(e, pool, err) : 0;
}

int eo_explore_rungs(const struct eo_explore *e)
{
    return e->cfg.explore_way == EO_EXPLORE_HALVING ? e->cfg.explore_rungs : 1;
}

/* All that counts images or epochs of a training. */
static void shorten(const struct eo_explore *e, int64_t factor, struct eo_config *cfg)
{
    int64_t n = (int64_t)e->split.train.count, images = n * cfg->explore_epochs / factor, epochs, each;

    epochs = n > 0 ? (images + n - 1) / n : 0;
    epochs = epochs > 1 ? epochs : 1;
    each = images / epochs;
    each = each > 2 ? each : 2;
    cfg->warmup_epochs = cfg->warmup_epochs * (double)epochs / cfg->explore_epochs;
    cfg->explore_epochs = cfg->epochs = cfg->fine_tune_epochs = (int)epochs;
    cfg->train_subset = each < n ? each : n;
}

int eo_explore_init_rung(struct eo_explore *rung, const struct eo_explore *e, int k, struct eo_pool *pool,
                         struct eo_err *err)
{
    struct eo_config cfg = e->cfg;
    int64_t factor = 1;

    for (int i = k; i < eo_explore_rungs(e) - 1; i++)
        factor *= cfg.explore_growth; /* at most 1000^5 */
    if (factor == 1) {
        *rung = *e;
        return 0;
    }
    shorten(e, factor, &cfg);
    if (eo_explore_init(rung, &cfg, e->dataset, e->base, e->isa, pool, err))
        return -1;
    rung->teacher = e->teacher;
    rung->int8_teacher = e->int8_teacher;
    return 0;
}

/* ---- training ------------------------------------------------------------------------------------------------ */

/* The level by which the widths are written into the metadata: the share that each space has lost. */
static struct eo_level level_of(const struct eo_explore *e, const int *widths)
{
    double share[EO_NETWORK_LAYERS], sum = 0;
    int n = e->grid.spaces.count;

    for (int i = 0; i < n; i++) {
        share[i] = 1 - (double)widths[i] / e->grid.spaces.channels[i];
        sum += share[i];
    }
    return n > EO_LEVEL_SHARES ? eo_level_uniform(sum / n) : eo_level_of(share, n);
}

static void plan_widths(const struct eo_explore *e, const int *widths, struct eo_prune_plan *plan)
{
    memset(plan, 0, sizeof(*plan));
    plan->spaces = e->grid.spaces;
    for (int i = 0; i < plan->spaces.count; i++) {
        plan->count[i] = widths[i];
        if (e->base)
            eo_prune_select(e->scores.layer[i], plan->spaces.channels[i], widths[i], plan->kept[i]);
    }
}

static int slice(const struct eo_explore *e, const struct eo_prune_plan *plan, const int *widths,
                 struct eo_model *m, struct eo_err *err)
{
    const struct eo_prune_options how = {
        .level = level_of(e, widths), .scope = EO_SCOPE_LAYER, .multiple = 1};

    return eo_prune_apply(plan, e->base, m, err) || eo_prune_describe(m, e->scores.criterion, &how, err) ? -1
                                                                                                         : 0;
}

static int begin(const struct eo_explore *e, const int *widths, struct eo_model *m, struct eo_err *err)
{
    struct eo_prune_plan *plan = eo_alloc(1, sizeof(*plan), err);
    struct eo_network net = e->network;
    int rc = -1;

    if (!plan)
        return -1;
    plan_widths(e, widths, plan);
    if (e->base) {
        rc = slice(e, plan, widths, m, err);
    } else {
        eo_prune_network(plan, &net);
        rc = eo_train_init_model(&e->cfg, 0, &net, m, err);
    }
    free(plan);
    return rc;
}

int eo_explore_train(const struct eo_explore *e, const int *widths, struct eo_model *trained,
                     struct eo_err *err)
{
    const struct eo_config *cfg = &e->cfg;
    int is_slice = !is_scratch(cfg);
    const struct eo_train_options how = {.epochs = cfg->explore_epochs,
                                         .learning_rate = is_slice && cfg->fine_tune_learning_rate > 0
                                                              ? cfg->fine_tune_learning_rate
                                                              : cfg->learning_rate,
                                         .isa = e->isa,
                                         .teacher = e->teacher};
    struct eo_train_result result;

    memset(trained, 0, sizeof(*trained));
    return begin(e, widths, trained, err) ||
                   eo_train_run(cfg, 0, &e->split, &how, trained, &result, NULL, err) ||
                   eo_train_describe(trained, &result, is_slice, err) ||
                   eo_train_describe_inputs(trained, cfg, e->dataset, is_slice, err)
               ? -1
               : 0;
}

/* ---- precision, accuracy, cost ------------------------------------------------------------------------------- */

static int to_integers(const struct eo_explore *e, const struct eo_model *m, enum eo_precision precision,
                       struct eo_model *out, struct eo_err *err)
{
    const struct eo_train_options runtime = {.isa = e->isa, .teacher = e->int8_teacher};
    struct eo_conversion *c = eo_alloc(1, sizeof(*c), err);
    int rc;

    if (!c)
        return -1;
    rc = eo_conversion_run(c, m, precision, &e->cfg, &e->split, &runtime, err);
    if (!rc) {
        *out = c->model;
        memset(&c->model, 0, sizeof(c->model));
    }
    eo_conversion_release(c);
    free(c);
    return rc;
}

int eo_explore_convert(const struct eo_explore *e, const struct eo_model *trained,
                       enum eo_precision precision, struct eo_model *out, struct eo_err *err)
{
    struct eo_model folded = {0};
    int rc = -1;

    memset(out, 0, sizeof(*out));
    if (!eo_model_folded(trained, &folded, err))
        rc = eo_precision_is_integer(precision) ? to_integers(e, &folded, precision, out, err)
             : precision == EO_FP16             ? eo_quant_fp16(&folded, out, err)
                                                : eo_quant_copy(&folded, out, err);
    eo_model_release(&folded);
    return rc;
}

static int hash_model(struct eo_model *m, char sha256[EO_SHA256_TEXT], struct eo_err *err)
{
    struct eo_buf file = {0};
    int rc = eo_model_serialize(m, &file, err) || eo_buf_check(&file, err) ? -1 : 0;

    if (!rc)
        eo_hash_sha256(file.data, file.len, sha256);
    eo_buf_release(&file);
    return rc;
}

int eo_explore_measure(const struct eo_explore *e, struct eo_model *m, struct eo_explore_result *r,
                       struct eo_err *err)
{
    memset(r, 0, sizeof(*r));
    r->parameters = eo_network_parameters(&m->network);
    r->macs = eo_network_macs(&m->network);
    r->tensor_bytes = eo_model_tensor_bytes(m);
    return eo_eval_run(&r->validation, m, &e->split.validation, e->isa, 1, err) ||
                   (e->unseen.count && eo_eval_run(&r->unseen, m, &e->unseen, e->isa, 1, err)) ||
                   eo_core_costs(m, r->cost, err) || hash_model(m, r->sha256, err)
               ? -1
               : 0;
}

void eo_explore_result_release(struct eo_explore_result *r)
{
    eo_eval_release(&r->validation);
    eo_eval_release(&r->unseen);
}
