#include "stage/quant/qat.h"

#include "stage/quant/quant.h"

/* The ranges that give m's learned grids: multiples of a scale by up to 255 are exact in double. */
static void learned_ranges(const struct eo_model *m, enum eo_backend backend, struct eo_calibration *cal)
{
    int top = eo_backend_activation_max(backend);

    for (int t = 1; t < EO_NETWORK_TENSORS; t++) {
        struct eo_model_grid grid;

        if (!eo_network_has_tensor(&m->network, t))
            continue;
        grid = eo_model_grid(m, t);
        cal->tensor[t].min = (double)grid.scale * -grid.zero_point;
        cal->tensor[t].max = (double)grid.scale * (top - grid.zero_point);
    }
}

/* The int8 model for early stopping. */
struct candidate {
    const struct eo_calibration *cal;
    const struct eo_quant_options *opt;
};

static int convert(void *ctx, const struct eo_model *m, struct eo_model *q, struct eo_err *err)
{
    const struct candidate *c = ctx;
    struct eo_calibration cal = *c->cal;

    learned_ranges(m, c->opt->backend, &cal);
    return eo_quant_integers(m, &cal, c->opt, q, err);
}

/* Calibrates once more, for the values of the report. The range of the pixels is the same again. */
static int calibrate_again(const struct eo_model *m, struct eo_calibration *cal,
                           const struct eo_quant_options *opt, const struct eo_split *split,
                           struct eo_err *err)
{
    if (eo_calibration_run(cal, m, &split->train, opt, err))
        return -1;
    learned_ranges(m, opt->backend, cal);
    return 0;
}

int eo_qat_run(struct eo_model *m, struct eo_calibration *cal, const struct eo_config *cfg,
               const struct eo_quant_options *opt, const struct eo_split *split,
               const struct eo_train_options *how, struct eo_train_result *result,
               struct eo_err *err)
{
    struct candidate candidate = {cal, opt};
    struct eo_model start = {0};
    struct eo_train_simulation simulation = {&start, eo_quant_is_per_tensor(opt), convert, &candidate};
    struct eo_train_options options = *how;
    int rc = -1;

    options.epochs = cfg->qat_epochs;
    options.learning_rate = cfg->qat_learning_rate > 0 ? cfg->qat_learning_rate : cfg->learning_rate;
    options.simulation = &simulation;
    if (!eo_quant_integers(m, cal, opt, &start, err) &&
        !eo_train_run(cfg, 0, split, &options, m, result, NULL, err))
        rc = calibrate_again(m, cal, opt, split, err);
    eo_model_release(&start);
    return rc;
}
