#include "stage/prune/sensitivity.h"

#include "format/csv.h"
#include "format/level.h"
#include "stage/learn/eval.h"
#include "stage/prune/prune.h"

struct run {
    const struct eo_model *model;
    const struct eo_images *images;
    enum eo_isa isa;
    int threads;
};

/* Prunes by the plan, evaluates, and appends the row of `space`, which was pruned to `level`. */
static int measure(const struct run *run, const struct eo_prune_plan *plan, int space, double level,
                   struct eo_buf *out, struct eo_err *err)
{
    struct eo_model pruned = {0};
    struct eo_eval eval = {0};
    struct eo_accuracy accuracy;
    char text[EO_LEVEL_TEXT];
    int rc = -1;

    if (eo_prune_apply(plan, run->model, &pruned, err) ||
        eo_eval_run(&eval, &pruned, run->images, run->isa, run->threads, err))
        goto out;
    eo_accuracy_make(&accuracy, run->images->count, eval.correct);
    eo_level_text(eo_level_uniform(level), text);
    eo_buf_printf(out, "%s,%s,%d,%zu,", pruned.network.layer[plan->spaces.first[space]].name, text,
                  plan->count[space], eo_network_parameters(&pruned.network));
    eo_csv_put_double(out, accuracy.value, ',');
    eo_csv_put_double(out, accuracy.ci_low, ',');
    eo_csv_put_double(out, accuracy.ci_high, '\n');
    rc = 0;
out:
    eo_eval_release(&eval);
    eo_model_release(&pruned);
    return rc;
}

int eo_sensitivity_run(const struct eo_model *m, const struct eo_saliency *scores, int multiple,
                       const struct eo_images *images, enum eo_isa isa, int threads, struct eo_buf *out,
                       struct eo_err *err)
{
    const struct run run = {m, images, isa, threads};
    struct eo_spaces spaces;
    int last = 0;

    eo_buf_puts(out,
                "layer,pruning_level,channels,parameters,accuracy,accuracy_ci95_low,accuracy_ci95_high\n");
    eo_spaces_make(&spaces, &m->network);
    for (int i = 0; i < spaces.count * EO_SENSITIVITY_LEVELS; i++) {
        int space = i / EO_SENSITIVITY_LEVELS, step = i % EO_SENSITIVITY_LEVELS;
        double level = (double)step / EO_SENSITIVITY_LEVELS;
        struct eo_prune_options opt = {.level = eo_level_uniform(level),
                                       .scope = EO_SCOPE_LAYER,
                                       .multiple = multiple,
                                       .one_space = space + 1};
        struct eo_prune_plan plan;

        if (eo_prune_plan(&plan, m, scores, &opt, err))
            return -1;
        if (step && plan.count[space] == last)
            continue;
        last = plan.count[space];
        if (measure(&run, &plan, space, level, out, err))
            return -1;
    }
    return 0;
}
