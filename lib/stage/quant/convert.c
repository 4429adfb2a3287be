#include "stage/quant/convert.h"

#include <stdio.h>
#include <string.h>

#include "stage/quant/bias_correction.h"
#include "stage/quant/equalize.h"
#include "stage/quant/qat.h"
#include "stage/quant/quant.h"
#include "stage/quant/rounding.h"

static int set_flag(struct eo_model *m, const char *key, int value, struct eo_err *err)
{
    return eo_model_meta_set(m, key, value ? "true" : "false", err);
}

static int set_metadata(struct eo_conversion *c, const struct eo_config *cfg, struct eo_err *err)
{
    const struct eo_quant_options *opt = &c->options;
    struct eo_model *m = &c->model;
    char sha256[EO_SHA256_TEXT], images[32], epochs[16], best[16];

    snprintf(images, sizeof(images), "%zu", c->calibration.images);
    snprintf(epochs, sizeof(epochs), "%d", c->training.epochs);
    snprintf(best, sizeof(best), "%d", c->training.best_epoch);
    if (eo_config_slice_sha256(cfg, EO_STAGE_QUANT, 0, sha256, err) ||
        eo_model_meta_set(m, "quantization_observer", eo_observer_name(opt->observer), err) ||
        eo_model_meta_set(m, "weight_granularity", eo_quant_is_per_tensor(opt) ? "tensor" : "channel", err) ||
        set_flag(m, "bias_correction", opt->bias_correction, err) ||
        set_flag(m, "cross_layer_equalization", opt->equalization, err) ||
        eo_model_meta_set(m, "rounding",
                          opt->rounding == EO_ROUNDING_NEAREST ? NULL : eo_rounding_names[opt->rounding], err) ||
        eo_model_meta_set(m, "calibration_images", images, err) ||
        eo_model_meta_set(m, "qat_epochs", epochs, err) ||
        eo_model_meta_set(m, "qat_best_epoch", c->training.best_epoch ? best : NULL, err))
        return -1;
    return eo_model_meta_set(m, "quant_sha256", sha256, err);
}

static int choose_bits(struct eo_conversion *c, const struct eo_config *cfg, const struct eo_split *split,
                       struct eo_err *err)
{
    if (eo_mixed_choose(&c->mixed, &c->source, &c->calibration, &split->train, &c->options,
                        cfg->mixed_weights_kb, err))
        return -1;
    memcpy(c->options.weight_bits, c->mixed.bits, sizeof(c->mixed.bits));
    return 0;
}

/* From the given model to `source` and its ranges. */
static int prepare(struct eo_conversion *c, const struct eo_config *cfg, const struct eo_split *split,
                   const struct eo_train_options *how, struct eo_err *err)
{
    if (c->options.equalization)
        eo_equalize(&c->source);
    if (eo_calibration_run(&c->calibration, &c->source, &split->train, &c->options, err))
        return -1;
    if (cfg->qat_epochs) {
        c->options.bias_correction = 0;
        c->options.rounding = EO_ROUNDING_NEAREST;
    }
    if (c->options.precision == EO_MIXED && choose_bits(c, cfg, split, err))
        return -1;
    if (!cfg->qat_epochs)
        return 0;
    if (eo_qat_run(&c->source, &c->calibration, cfg, &c->options, split, how, &c->training, err))
        return eo_err_prefix(err, "quantisation-aware training");
    return 0;
}

int eo_conversion_run(struct eo_conversion *c, const struct eo_model *m, enum eo_precision precision,
                      const struct eo_config *cfg, const struct eo_split *split,
                      const struct eo_train_options *how, struct eo_err *err)
{
    const struct eo_quant_options *opt = &c->options;

    memset(c, 0, sizeof(*c));
    c->options = eo_quant_options_of(cfg, precision, how->isa, how->pool);
    if (eo_quant_copy(m, &c->source, err) || prepare(c, cfg, split, how, err) ||
        eo_quant_integers(&c->source, &c->calibration, opt, &c->model, err))
        return -1;
    if (opt->rounding == EO_ROUNDING_ADAPTIVE &&
        eo_rounding_adapt(&c->model, &c->source, &split->train, opt, err))
        return -1;
    if (opt->bias_correction && eo_bias_correct(&c->model, &c->source, &split->train, opt, err))
        return -1;
    return set_metadata(c, cfg, err);
}

void eo_conversion_release(struct eo_conversion *c)
{
    eo_model_release(&c->source);
    eo_model_release(&c->model);
    memset(c, 0, sizeof(*c));
}
