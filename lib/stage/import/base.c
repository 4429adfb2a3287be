#include "stage/import/base.h"

#include "nn/input.h"
#include "stage/learn/train.h"

/* What another experiment has done to the model, or said of it. */
static int forget(struct eo_model *m, struct eo_err *err)
{
    static const char *const keys[] = {
        "base_channels",     "best_epoch",     "channels_kept",    "conv1_kept",      "conv2_kept",
        "dataset",           "dataset_sha256", "fine_tune_epochs", "finetune_sha256", "prune_sha256",
        "pruning_criterion", "pruning_scope",  "train_sha256"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (eo_model_meta_set(m, keys[i], NULL, err))
            return -1;
    }
    return eo_model_meta_set(m, "pruning_level", "0.00", err);
}

static int check(const struct eo_model *m, struct eo_dims dims, int classes, struct eo_err *err)
{
    struct eo_dims in = m->network.input;

    if (m->precision != EO_FP32)
        return eo_err_set(err, "expected an fp32 model, found %s", eo_precision_name(m->precision));
    if (in.c != dims.c || in.h != dims.h || in.w != dims.w || eo_network_classes(&m->network) < classes)
        return eo_err_set(
            err, "expected a model of %dx%dx%d in %d class%s, as the images are, found %dx%dx%d in %d",
            dims.c, dims.h, dims.w, classes, classes == 1 ? "" : "es", in.c, in.h, in.w,
            eo_network_classes(&m->network));
    return 0;
}

/* What the network is fed: by the file, else by the configuration. */
static int set_input(struct eo_model *m, const struct eo_config *cfg, struct eo_err *err)
{
    struct eo_input own, given;
    int says = eo_input_read(m, &own, err);

    if (says < 0 || !(cfg->input_mean_count || cfg->input_std_count))
        return says < 0 ? -1 : 0;
    if (eo_train_set_input(m, cfg, err) || eo_input_read(m, &given, err) < 0)
        return -1;
    if (says && !eo_input_is_equal(&own, &given))
        return eo_err_set(
            err, "keys 'input_mean' and 'input_std': expected what base_model says, or neither of them");
    return 0;
}

int eo_import_base_model(struct eo_model *m, const struct eo_config *cfg, struct eo_dims dims, int classes,
                         struct eo_import_report *report, struct eo_err *err)
{
    struct eo_network net;
    const struct eo_import_options how = {.network = &net, .is_fallback = 1};
    char sha256[EO_SHA256_TEXT];

    if (eo_train_network(cfg, dims, classes, &net, err))
        return -1;
    if (eo_import_load(m, cfg->base_model, &how, report, sha256, err) || check(m, dims, classes, err)) {
        eo_model_release(m);
        return eo_err_prefix(err, "%s", cfg->base_model);
    }
    if (forget(m, err) || eo_model_meta_set(m, "base_model_sha256", sha256, err) || set_input(m, cfg, err)) {
        eo_model_release(m);
        return -1;
    }
    return 0;
}
