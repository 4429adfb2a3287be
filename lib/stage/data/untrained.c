#include "stage/data/untrained.h"

#include "stage/prune/saliency.h"

static int is_pruned(const struct eo_config *cfg)
{
    for (int i = 0; i < cfg->pruning_level_count; i++) {
        if (!eo_level_is_zero(cfg->pruning_levels[i]))
            return 1;
    }
    return 0;
}

static int check_criteria(const struct eo_config *cfg, struct eo_err *err)
{
    for (int i = 0; i < cfg->pruning_criterion_count; i++) {
        if (eo_saliency_needs_images(cfg->pruning_criteria[i]))
            return eo_err_set(
                err, "key 'pruning_criterion': expected one that looks at no images, as l1, found %s",
                eo_criterion_name(cfg->pruning_criteria[i]));
    }
    return 0;
}

static int is_int8(const struct eo_config *cfg)
{
    for (int i = 0; i < cfg->precision_count; i++) {
        if (eo_precision_is_integer(cfg->precisions[i]))
            return 1;
    }
    return 0;
}

int eo_data_check_untrained(const struct eo_config *cfg, struct eo_err *err)
{
    int is_tuned = is_pruned(cfg) || cfg->fine_tune_unpruned;

    if (!*cfg->base_model)
        return eo_err_set(err, "key 'base_model': expected a trained model, found none");
    if (cfg->validation != EO_VALIDATION_TEST)
        return eo_err_set(err, "key 'validation': expected test, found holdout");
    if (cfg->epochs)
        return eo_err_set(err, "key 'epochs': expected none, found %d", cfg->epochs);
    if (cfg->fine_tune_epochs && is_tuned)
        return eo_err_set(err, "key 'fine_tune_epochs': expected 0, found %d", cfg->fine_tune_epochs);
    if (cfg->qat_epochs && is_int8(cfg))
        return eo_err_set(err, "key 'qat_epochs': expected 0, found %d", cfg->qat_epochs);
    return is_pruned(cfg) ? check_criteria(cfg, err) : 0;
}
